#include "policy/pseudonyms/pseudonymizer.h"

#include <algorithm>

namespace nearside::policy {

Pseudonymizer::Pseudonymizer(const Labeler& labeler, PseudonymRules rules)
    : labeler_(labeler), rules_(std::move(rules)) {
  for (const DetectorInfo& info : detectors()) sensitivities_[info.name] = info.sensitivity;
}

bool Pseudonymizer::replaces(std::string_view detector) const {
  if (!rules_.detectors.empty())
    return std::find(rules_.detectors.begin(), rules_.detectors.end(), detector) !=
           rules_.detectors.end();
  const auto known = sensitivities_.find(detector);
  if (detector == "person" || detector == "address") return true;
  // Configured word lists are in no table: whoever lists words does not want them seen.
  return known == sensitivities_.end() || known->second >= Sensitivity::kConfidential;
}

base::Result<std::string> Pseudonymizer::replace(std::string_view text,
                                                 PseudonymTable& table) const {
  const std::vector<Finding> findings = TRY(labeler_.find(text));
  std::string out;
  out.reserve(text.size());
  std::size_t copied = 0;
  for (const Finding& finding : findings) {
    if (!replaces(finding.detector)) continue;
    out += text.substr(copied, finding.begin - copied);
    out += TRY(table.placeholder(finding.detector,
                                 text.substr(finding.begin, finding.end - finding.begin)));
    copied = finding.end;
  }
  out += text.substr(copied);
  return out;
}

}  // namespace nearside::policy
