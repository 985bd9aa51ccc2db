// Every detector, one line each: a new one is a file beside this and a line here and in
// registry.cc.
#pragma once

#include <vector>

#include "policy/detectors/detector.h"

namespace nearside::policy {

Detector email_detector();
Detector phone_detector();
Detector iban_detector();
Detector card_detector();
Detector ipv4_detector();
Detector ipv6_detector();
Detector mac_detector();
Detector us_ssn_detector();
Detector token_detector();
Detector private_key_detector();
Detector jwt_detector();
Detector password_detector();

std::vector<Detector> all_detectors();

}  // namespace nearside::policy
