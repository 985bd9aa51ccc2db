#include "attest/evidence.h"

#include <algorithm>

#include "base/base64.h"
#include "base/json.h"
#include "trust/encoding.h"

namespace nearside::attest {

using base::Code;
using base::fail;
namespace json = base::json;

namespace {

constexpr std::size_t kCertificatesMax = 16;

base::Result<std::string> text_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string())
    return fail(Code::kCorrupt, "the evidence lacks `{}`", name);
  return std::string(value->get_string());
}

}  // namespace

base::Result<TpmEvidence> parse_tpm_evidence(std::string_view text) {
  const json::value document = TRY(base::parse_json(text, 8));
  const json::value* quote =
      document.is_object() ? document.get_object().if_contains("tpm_quote") : nullptr;
  if (quote == nullptr || !quote->is_object())
    return fail(Code::kCorrupt, "the evidence lacks `tpm_quote`");
  TpmEvidence evidence;
  const std::string message = TRY(text_at(quote->get_object(), "message"));
  const std::string signature = TRY(text_at(quote->get_object(), "signature"));
  evidence.message = TRY(trust::from_strict_base64(message));
  evidence.signature = TRY(trust::from_strict_base64(signature));
  const json::value* pcrs = quote->get_object().if_contains("pcrs");
  if (pcrs == nullptr || !pcrs->is_array() || pcrs->get_array().size() > 24)
    return fail(Code::kCorrupt, "`pcrs` must be a list of at most 24");
  for (const json::value& item : pcrs->get_array()) {
    if (!item.is_string()) return fail(Code::kCorrupt, "a register must be a text");
    const std::string bytes = TRY(trust::from_hex(item.get_string()));
    Pcr pcr{};
    if (bytes.size() != pcr.size()) return fail(Code::kCorrupt, "a register has 64 digits");
    std::copy(bytes.begin(), bytes.end(), pcr.begin());
    evidence.pcrs.push_back(pcr);
  }
  return evidence;
}

std::string to_json(const Evidence& evidence) {
  json::array certificates;
  for (const trust::Certificate& certificate : evidence.certificates)
    certificates.push_back(json::value(base::base64_encode(certificate.der())));
  return json::serialize(json::object{{"kind", evidence.kind},
                                      {"bytes", base::base64_encode(evidence.bytes)},
                                      {"certificates", certificates}});
}

base::Result<Evidence> parse_evidence(std::string_view text) {
  if (text.size() > kEvidenceBytesMax)
    return fail(Code::kTooLarge, "evidence has at most {} bytes", kEvidenceBytesMax);
  const json::value document = TRY(base::parse_json(text, 8));
  if (!document.is_object()) return fail(Code::kCorrupt, "the evidence is no JSON object");
  Evidence evidence;
  evidence.kind = TRY(text_at(document.get_object(), "kind"));
  const std::string bytes = TRY(text_at(document.get_object(), "bytes"));
  evidence.bytes = TRY(trust::from_strict_base64(bytes));
  const json::value* certificates = document.get_object().if_contains("certificates");
  if (certificates == nullptr || !certificates->is_array() ||
      certificates->get_array().size() > kCertificatesMax)
    return fail(Code::kCorrupt, "`certificates` must be a list of at most {}", kCertificatesMax);
  for (const json::value& item : certificates->get_array()) {
    if (!item.is_string()) return fail(Code::kCorrupt, "a certificate must be a text");
    const std::string der = TRY(trust::from_strict_base64(item.get_string()));
    evidence.certificates.push_back(TRY(trust::Certificate::from_der(der)));
  }
  return evidence;
}

}  // namespace nearside::attest
