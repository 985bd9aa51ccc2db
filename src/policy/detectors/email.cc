// E-mail addresses. Anchor: an @ between characters that addresses have there.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kLocalBytesMax = 64;    // RFC 5321, 4.5.3.1.1
constexpr std::size_t kDomainBytesMax = 255;  // RFC 5321, 4.5.3.1.2

bool is_local(char c) {
  return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("!#$%&'*+/=?^_`{|}~.-").find(c) != std::string_view::npos;
}

bool is_domain(char c) {
  return is_alnum(c) || c == '.' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

/// A domain's last label is letters: "package@1.2.3" is no address.
bool ends_in_name(std::string_view domain) {
  const std::size_t dot = domain.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || domain.size() - dot - 1 < 2) return false;
  for (const char c : domain.substr(dot + 1))
    if (is_digit(c) || c == '-') return domain.substr(dot + 1).starts_with("xn--");
  return true;
}

/// "scheme://user:password@host" has an @, too; its password is another detector's matter.
bool is_url_password(std::string_view text, std::size_t begin) {
  if (before(text, begin) != ':') return false;
  const std::size_t from = begin > kLocalBytesMax ? begin - kLocalBytesMax : 0;
  const std::string_view near = text.substr(from, begin - from);
  const std::size_t scheme = near.rfind("://");
  return scheme != std::string_view::npos &&
         near.find_first_of(" \n\t\"", scheme) == std::string_view::npos;
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t sign = match.end - 2;  // the anchor is three bytes: x@y
  std::size_t begin = sign;
  while (begin > 0 && sign - begin < kLocalBytesMax && is_local(text[begin - 1])) --begin;
  while (begin < sign && (text[begin] == '.' || text[begin] == '\'' || text[begin] == '/')) ++begin;
  std::size_t end = sign + 1;
  while (end < text.size() && end - sign <= kDomainBytesMax && is_domain(text[end])) ++end;
  while (end > sign + 1 && (text[end - 1] == '.' || text[end - 1] == '-')) --end;
  if (begin == sign || !ends_in_name(text.substr(sign + 1, end - sign - 1))) return std::nullopt;
  if (is_url_password(text, begin)) return std::nullopt;
  // git@host:path is how clones are spelled, nobody's mailbox.
  if (text.substr(begin, sign - begin) == "git" && at(text, end) == ':') return std::nullopt;
  return Span{begin, end};
}

}  // namespace

Detector email_detector() {
  return {"email",
          "email",
          Sensitivity::kConfidential,
          {{R"([A-Za-z0-9_%+~'\-\x80-\xff]@[A-Za-z0-9\x80-\xff])"}},
          find};
}

}  // namespace nearside::policy
