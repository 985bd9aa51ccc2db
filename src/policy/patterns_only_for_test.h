// Label rules without the tagger: for tests that count what patterns find.
#pragma once

#include "policy/detectors/registry.h"
#include "policy/label.h"

namespace nearside::policy {

inline LabelRules patterns_only() {
  LabelRules rules;
  for (const Detector& detector : tagged_detectors())
    rules.detectors[detector.name] = {false, detector.sensitivity};
  return rules;
}

}  // namespace nearside::policy
