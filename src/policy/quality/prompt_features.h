// What a prompt looks like to the quality model: a sparse vector of hashed words and shapes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace nearside::policy {

/// Groups are normalised apart, so that a long prompt's many words do not drown its shape.
enum class FeatureGroup : std::uint8_t { kWord, kPair, kStem, kShape };
inline constexpr std::size_t kFeatureGroups = 4;

struct Feature {
  std::uint32_t index = 0;  // below kFeatureRows
  FeatureGroup group = FeatureGroup::kWord;
  float value = 0;
};

/// 2^18 rows, 1 MiB of weights for each target.
inline constexpr std::uint32_t kFeatureRows = 1U << 18U;

/// Of longer prompts the beginning and the end are read, where instructions stand.
inline constexpr std::size_t kPromptBytesRead = 4096;

/// Distinct features of a prompt, by rising index within each group; values are damped counts
/// (1 + ln n). Linear in the bytes read but for a sort; deterministic.
void prompt_features(std::string_view prompt, std::vector<Feature>& features);

}  // namespace nearside::policy
