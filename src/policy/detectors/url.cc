// Web addresses and bare host names: who reads them knows whom somebody deals with.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kUrlBytesMax = 2048;  // what browsers and proxies take

bool ends_url(char c) {
  return static_cast<unsigned char>(c) <= ' ' ||
         std::string_view("\"'<>`{}|\\^").find(c) != std::string_view::npos;
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  // The anchor ends with the first byte of the host; "www." begins one itself.
  const std::size_t anchor = match.pattern_index == 0 ? 8 : match.pattern_index == 1 ? 9 : 5;
  const std::size_t begin = match.end - anchor;
  if (is_alnum(before(text, begin))) return std::nullopt;
  if (match.pattern_index == 2 && before(text, begin) == '/') return std::nullopt;  // has a scheme
  // The host first, and it ends soon: what is none must not cost a read to the bound.
  const std::string_view rest = text.substr(match.end - 1, kUrlBytesMax);
  bool dotted = false;
  for (const char c : rest) {
    if (c == '/' || ends_url(c)) break;
    dotted |= c == '.';
  }
  if (!dotted) return std::nullopt;
  std::size_t end = match.end;
  while (end < text.size() && end - begin < kUrlBytesMax && !ends_url(text[end])) ++end;
  while (end > match.end &&
         std::string_view(".,;:!?)]*").find(text[end - 1]) != std::string_view::npos)
    --end;
  const std::string_view host = text.substr(match.end - 1, end - match.end + 1);
  if (host.substr(0, host.find('/')).find('.') == std::string_view::npos) return std::nullopt;
  return Span{begin, end};
}

}  // namespace

Detector url_detector() {
  return {"url",
          "url",
          Sensitivity::kInternal,
          {{R"(http://[a-z0-9\x80-\xff])", true},
           {R"(https://[a-z0-9\x80-\xff])", true},
           {R"(www\.[a-z0-9\x80-\xff])", true}},
          find,
          false,
          true};
}

}  // namespace nearside::policy
