// The tagger's weights: what every feature says for and against every tag.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nearside::policy {

/// What an entity found by the tagger is. The order is the file's.
enum class Entity : std::uint8_t {
  kPerson,
  kOrganization,
  kLocation,
  kAddress,
  kTitle,
  kNationality,
  kDate
};
inline constexpr std::size_t kEntities = 7;

/// "person", "organization", ...: also the names of the findings.
std::string_view entity_name(Entity entity);

/// Tags: 0 outside; 1 + 2e begins entity e; 2 + 2e continues it. Padded to a vector's width.
inline constexpr std::size_t kTags = 16;
inline constexpr std::size_t kTagsUsed = 1 + 2 * kEntities;
inline constexpr std::size_t kTagOutside = 0;
constexpr std::size_t begin_tag(Entity e) { return 1 + 2 * static_cast<std::size_t>(e); }
constexpr std::size_t inside_tag(Entity e) { return 2 + 2 * static_cast<std::size_t>(e); }

/// May `next` follow `tag`? An entity is continued only by its own tag.
constexpr bool may_follow(std::size_t tag, std::size_t next) {
  if (next == kTagOutside || next % 2 == 1) return true;
  return tag == next || tag + 1 == next;
}

/// What speaks for one tag after another, at most this much either way, or that it cannot be.
/// Sixteen bits hold the sums that decoding makes of them (tagger.cc).
inline constexpr int kTransitionMax = 1'400;
inline constexpr std::int16_t kTransitionForbidden = -20'000;
using TagTransitions = std::array<std::array<std::int16_t, kTags>, kTags + 1>;  // [from, to]

/// A view of a weight file, or weights of its own after training.
///
/// File: "NSTAG01\n", u32 rows, u32 tags (16), i16 transitions[17][16] (from row 16: the beginning
/// of a text), i8 weights[rows][16]; little-endian.
struct TagTable {
  std::uint32_t rows_count = 0;
  TagTransitions transitions{};
  const std::int8_t* weights = nullptr;  // [row, tag]
  std::vector<std::int8_t> owned;        // behind `weights` unless the file outlives the table

  /// `file` must outlive the table. Errors: kInvalidArgument (not such a file, a wrong size, a
  /// transition beyond its bounds).
  static base::Result<TagTable> parse(std::string_view file);
  /// The table that the program carries.
  static TagTable shipped();
  [[nodiscard]] std::string serialize() const;
};

inline constexpr std::uint32_t kTagRowsMax = 1U << 20U;

}  // namespace nearside::policy
