// Where in the world data may be processed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nearside::policy {

/// A region is a lower-case name with parts divided by hyphens, wide before narrow: `eu`, `eu-de`,
/// `eu-de-plant2`. A region covers itself and every region that begins with it and a hyphen.
bool region_covers(std::string_view wide, std::string_view narrow);

/// Letters a-z, digits and single hyphens, 1 to 64 bytes.
bool region_is_well_formed(std::string_view region);

/// The regions in which something may be processed: anywhere, or only in the named ones.
class Regions {
 public:
  /// Anywhere.
  Regions() = default;
  /// Only in these; an empty list permits nowhere.
  static Regions only(std::vector<std::string> names);

  [[nodiscard]] bool anywhere() const { return anywhere_; }
  /// Nothing is permitted: two constraints contradicted each other.
  [[nodiscard]] bool nowhere() const { return !anywhere_ && names_.empty(); }
  /// A target without a region ("") is permitted only by `anywhere`: an unknown region proves
  /// nothing.
  [[nodiscard]] bool permits(std::string_view region) const;
  /// What both permit.
  [[nodiscard]] Regions intersect(const Regions& other) const;
  /// Sorted; empty when anywhere().
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// "anywhere", "nowhere", or "eu-de, us".
  [[nodiscard]] std::string text() const;
  bool operator==(const Regions&) const = default;

 private:
  bool anywhere_ = true;
  std::vector<std::string> names_;
};

}  // namespace nearside::policy
