// Private keys in their text envelopes. The opening line is enough: a key that is cut off is a leak
// too.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kKeyBytesMax = 16384;  // RSA of 16384 bits in base64 fits

std::optional<Span> find(const Match& match) {
  const std::string_view near = match.text.substr(0, match.end);
  const std::size_t opening = near.rfind(match.pattern_index == 0 ? "-----BEGIN" : "PuTTY");
  const std::size_t begin = opening == std::string_view::npos ? match.end : opening;
  // To the closing line, if it is near: the whole key is the finding.
  const std::string_view rest = match.text.substr(match.end, kKeyBytesMax);
  const std::size_t closing = rest.find("-----END");
  std::size_t end = match.end;
  if (closing != std::string_view::npos) end += closing;
  return Span{begin, end};
}

}  // namespace

Detector private_key_detector() {
  return {"private_key",
          "secret",
          Sensitivity::kRestricted,
          {{R"(-----BEGIN[A-Z ]{1,24}PRIVATE KEY)"}, {R"(PuTTY-User-Key-File-[23]:)"}},
          find};
}

}  // namespace nearside::policy
