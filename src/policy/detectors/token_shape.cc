// Access tokens without a prefix whose inner shape gives them away.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

bool tokenish(char c) { return is_base64url(c) || c == '~' || c == '.'; }

/// The run of `allowed` around [from, to).
template <typename Allowed>
Span run_around(std::string_view text, std::size_t from, std::size_t to, std::size_t reach,
                Allowed allowed) {
  std::size_t begin = from, end = to;
  while (begin > 0 && from - begin < reach && allowed(text[begin - 1])) --begin;
  while (end < text.size() && end - to < reach && allowed(text[end])) ++end;
  return {begin, end};
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  constexpr double kEntropyMin = 3.0;
  Span span;
  switch (match.pattern_index) {
    case 0: {  // Azure client secrets: three characters, a digit, Q~, 31 to 34 more
      span = run_around(text, match.end - 3, match.end, 40, tokenish);
      if (match.end - 3 - span.begin != 3 || span.end - match.end < 31 || span.end - match.end > 35)
        return std::nullopt;
      break;
    }
    case 1: {  // Telegram bots: number, colon, A, 34 more
      span = run_around(text, match.end - 2, match.end, 40, is_base64url);
      const std::size_t digits = match.end - 2 - span.begin;
      if (digits < 5 || digits > 16 || span.end - match.end < 33 || span.end - match.end > 36)
        return std::nullopt;
      break;
    }
    case 2: {  // MaxMind: six, _, 29, _mmk
      span = run_around(text, match.end - 4, match.end, 40, is_base64url);
      if (match.end - 4 - span.begin != 36 || span.end != match.end) return std::nullopt;
      break;
    }
    default: {  // Discord bots: 24 to 28, dot, six, dot, 27 to 38
      span = run_around(text, match.end - 8, match.end, 44, is_base64url);
      const std::size_t head = match.end - 8 - span.begin;
      const std::size_t tail = span.end - match.end;
      if (head < 23 || head > 28 || tail < 27 || tail > 38) return std::nullopt;
      if (text[span.begin] != 'M' && text[span.begin] != 'N' && text[span.begin] != 'O')
        return std::nullopt;
    }
  }
  if (entropy_bits(text.substr(span.begin, span.end - span.begin)) < kEntropyMin)
    return std::nullopt;
  return span;
}

}  // namespace

Detector token_shape_detector() {
  return {"token_shape",
          "secret",
          Sensitivity::kRestricted,
          {{R"([0-9]Q~)"}, {R"(:A)"}, {R"(_mmk)"}, {R"(\.[A-Za-z0-9_\-]{6}\.)"}},
          find};
}

}  // namespace nearside::policy
