// Where inference runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nearside::policy {

/// Ordered from near to far.
enum class Place : std::uint8_t { kDevice, kEdge, kOnprem, kCloud };

inline constexpr Place kPlaces[] = {Place::kDevice, Place::kEdge, Place::kOnprem, Place::kCloud};

/// "device", "edge", "onprem", "cloud".
std::string_view place_name(Place place);
/// Empty when `name` is none of the four (compared exactly).
std::optional<Place> parse_place(std::string_view name);

/// A set of places in four bits.
class Places {
 public:
  constexpr Places() = default;
  static constexpr Places all() { return Places(0xF); }
  static constexpr Places none() { return {}; }
  constexpr Places& add(Place place) {
    bits_ = static_cast<std::uint8_t>(bits_ | bit(place));
    return *this;
  }
  [[nodiscard]] constexpr bool has(Place place) const { return (bits_ & bit(place)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr Places intersect(Places other) const {
    return Places(static_cast<std::uint8_t>(bits_ & other.bits_));
  }
  [[nodiscard]] constexpr bool within(Places other) const { return intersect(other) == *this; }
  constexpr bool operator==(const Places&) const = default;

 private:
  explicit constexpr Places(std::uint8_t bits) : bits_(bits) {}
  static constexpr std::uint8_t bit(Place place) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(place));
  }
  std::uint8_t bits_ = 0;
};

}  // namespace nearside::policy
