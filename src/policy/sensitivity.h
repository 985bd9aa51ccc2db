// How sensitive a request's data is: four ordered levels.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nearside::policy {

/// Ordered: `a < b` means that b needs more care.
enum class Sensitivity : std::uint8_t { kPublic, kInternal, kConfidential, kRestricted };

inline constexpr Sensitivity kSensitivities[] = {Sensitivity::kPublic, Sensitivity::kInternal,
                                                 Sensitivity::kConfidential,
                                                 Sensitivity::kRestricted};

/// "public", "internal", "confidential", "restricted".
std::string_view sensitivity_name(Sensitivity sensitivity);
/// Empty when `name` is none of the four (compared exactly).
std::optional<Sensitivity> parse_sensitivity(std::string_view name);

}  // namespace nearside::policy
