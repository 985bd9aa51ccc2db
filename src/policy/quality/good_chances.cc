#include "policy/quality/good_chances.h"

namespace nearside::policy {

std::map<std::string, double> good_chances(const std::map<std::string, QualityEstimate>& estimates,
                                           std::span<const Target> targets,
                                           const std::string& language) {
  std::map<std::string, double> out;
  for (const Target& target : targets) {
    const auto found = estimates.find(target.name);
    if (found == estimates.end()) continue;
    const QualityEstimate& estimate = found->second;
    double chance = estimate.good_probability;
    if (const auto prior = target.quality.configured(language)) {
      const auto judged = static_cast<double>(estimate.judged);
      const double weight =
          QualityModel::trust(estimate.familiarity) * judged / (judged + kPriorWeight);
      chance = *prior + weight * (chance - *prior);
    }
    out.emplace(target.name, chance);
  }
  return out;
}

}  // namespace nearside::policy
