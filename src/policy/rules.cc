#include "policy/rules.h"

#include <fmt/format.h>

namespace nearside::policy {

std::array<Places, 4> PolicySet::default_places() {
  const Places inside = Places().add(Place::kDevice).add(Place::kEdge).add(Place::kOnprem);
  const Places guarded = Places().add(Place::kDevice).add(Place::kOnprem);
  return {Places::all(), Places::all(), inside, guarded};
}

std::optional<std::size_t> PolicySet::find_target(std::string_view name) const {
  for (std::size_t i = 0; i < targets.size(); ++i)
    if (targets[i].name == name) return i;
  return std::nullopt;
}

std::optional<std::size_t> PolicySet::find_route(std::string_view name) const {
  for (std::size_t i = 0; i < routes.size(); ++i)
    if (routes[i].name == name) return i;
  return std::nullopt;
}

const Objective& PolicySet::objective_for(std::string_view model) const {
  if (const auto index = find_route(model)) return routes[*index].objective;
  if (model == "auto" && default_route < routes.size()) return routes[default_route].objective;
  return objective;
}

std::vector<std::string> PolicySet::model_names() const {
  std::vector<std::string> names;
  if (!routes.empty()) names.emplace_back("auto");
  for (const Route& route : routes)
    if (route.name != "auto") names.push_back(route.name);
  for (const Target& target : targets) names.push_back(target.name);
  return names;
}

}  // namespace nearside::policy
