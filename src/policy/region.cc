#include "policy/region.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace nearside::policy {

bool region_covers(std::string_view wide, std::string_view narrow) {
  if (wide.empty() || !narrow.starts_with(wide)) return false;
  return narrow.size() == wide.size() || narrow[wide.size()] == '-';
}

bool region_is_well_formed(std::string_view region) {
  if (region.empty() || region.size() > 64 || region.front() == '-' || region.back() == '-')
    return false;
  if (region.find("--") != std::string_view::npos) return false;
  return std::all_of(region.begin(), region.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Regions Regions::only(std::vector<std::string> names) {
  Regions regions;
  regions.anywhere_ = false;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  regions.names_ = std::move(names);
  return regions;
}

bool Regions::permits(std::string_view region) const {
  return anywhere_ || std::any_of(names_.begin(), names_.end(),
                                  [&](const auto& name) { return region_covers(name, region); });
}

Regions Regions::intersect(const Regions& other) const {
  if (anywhere_) return other;
  if (other.anywhere_) return *this;
  std::vector<std::string> both;
  for (const std::string& a : names_)
    for (const std::string& b : other.names_) {
      if (region_covers(a, b))
        both.push_back(b);
      else if (region_covers(b, a))
        both.push_back(a);
    }
  return only(std::move(both));
}

std::string Regions::text() const {
  if (anywhere_) return "anywhere";
  return names_.empty() ? "nowhere" : fmt::format("{}", fmt::join(names_, ", "));
}

}  // namespace nearside::policy
