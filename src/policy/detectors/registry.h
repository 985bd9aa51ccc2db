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
Detector token_shape_detector();
Detector vendor_key_detector();
Detector http_credential_detector();
Detector password_hash_detector();
Detector national_id_detector();
Detector national_code_detector();
Detector driver_license_detector();
Detector health_detector();
Detector source_code_detector();
Detector prompt_injection_detector();
Detector url_detector();
Detector age_detector();
Detector birth_date_detector();

/// Everything that is found by patterns.
std::vector<Detector> all_detectors();

/// What the tagger finds: detectors without patterns, named as its entities.
std::vector<Detector> tagged_detectors();

}  // namespace nearside::policy
