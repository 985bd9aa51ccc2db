// The spellings of the room's enumerations.
#include <iterator>

#include "policy/ask.h"
#include "policy/place.h"
#include "policy/sensitivity.h"

namespace nearside::policy {

namespace {

constexpr std::string_view kSensitivityNames[] = {"public", "internal", "confidential",
                                                  "restricted"};
constexpr std::string_view kPlaceNames[] = {"device", "edge", "onprem", "cloud"};
constexpr std::string_view kPriorityNames[] = {"realtime", "normal", "batch"};

template <typename Enum, std::size_t N>
std::optional<Enum> find(const std::string_view (&names)[N], std::string_view name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace

std::string_view sensitivity_name(Sensitivity sensitivity) {
  return kSensitivityNames[static_cast<std::size_t>(sensitivity)];
}
std::optional<Sensitivity> parse_sensitivity(std::string_view name) {
  return find<Sensitivity>(kSensitivityNames, name);
}

std::string_view place_name(Place place) { return kPlaceNames[static_cast<std::size_t>(place)]; }
std::optional<Place> parse_place(std::string_view name) { return find<Place>(kPlaceNames, name); }

std::string_view priority_name(Priority priority) {
  return kPriorityNames[static_cast<std::size_t>(priority)];
}
std::optional<Priority> parse_priority(std::string_view name) {
  return find<Priority>(kPriorityNames, name);
}

}  // namespace nearside::policy
