#include "policy/detectors/registry.h"

#include "policy/label.h"
#include "policy/tagger/table.h"

namespace nearside::policy {

std::vector<Detector> all_detectors() {
  return {
      email_detector(),
      phone_detector(),
      iban_detector(),
      card_detector(),
      ipv4_detector(),
      ipv6_detector(),
      mac_detector(),
      us_ssn_detector(),
      token_detector(),
      private_key_detector(),
      jwt_detector(),
      password_detector(),
      token_shape_detector(),
      vendor_key_detector(),
      http_credential_detector(),
      password_hash_detector(),
      url_detector(),
      age_detector(),
      birth_date_detector(),
      national_id_detector(),
      national_code_detector(),
      driver_license_detector(),
      health_detector(),
      source_code_detector(),
      prompt_injection_detector(),
  };
}

std::vector<Detector> tagged_detectors() {
  // None raises a request above the usual by itself: a learned guess is wrong in one ordinary
  // message of fifty, and names stand in most honest ones. Rules and pseudonyms name the
  // categories; who wants every name kept inside sets labels.detectors.person.
  constexpr std::pair<Entity, Sensitivity> kEntitiesTagged[] = {
      {Entity::kPerson, Sensitivity::kInternal},
      {Entity::kAddress, Sensitivity::kInternal},
      {Entity::kOrganization, Sensitivity::kInternal},
      {Entity::kLocation, Sensitivity::kInternal},
      {Entity::kNationality, Sensitivity::kInternal},
      {Entity::kTitle, Sensitivity::kPublic},
      {Entity::kDate, Sensitivity::kPublic}};
  std::vector<Detector> detectors;
  for (const auto& [entity, sensitivity] : kEntitiesTagged) {
    const std::string name(entity_name(entity));
    detectors.push_back({name, name, sensitivity, {}, {}});
  }
  return detectors;
}

std::vector<DetectorInfo> detectors() {
  std::vector<DetectorInfo> infos;
  for (const auto& list : {all_detectors(), tagged_detectors()})
    for (const Detector& detector : list)
      infos.push_back({detector.name, detector.category, detector.sensitivity});
  return infos;
}

}  // namespace nearside::policy
