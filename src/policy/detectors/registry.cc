#include "policy/detectors/registry.h"

#include "policy/label.h"

namespace nearside::policy {

std::vector<Detector> all_detectors() {
  return {
      email_detector(), phone_detector(),       iban_detector(), card_detector(),
      ipv4_detector(),  ipv6_detector(),        mac_detector(),  us_ssn_detector(),
      token_detector(), private_key_detector(), jwt_detector(),  password_detector(),
  };
}

std::vector<DetectorInfo> detectors() {
  std::vector<DetectorInfo> infos;
  for (const Detector& detector : all_detectors())
    infos.push_back({detector.name, detector.category, detector.sensitivity});
  return infos;
}

}  // namespace nearside::policy
