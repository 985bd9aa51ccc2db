#include "policy/label_score.h"

#include <algorithm>

#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

struct Piece {
  Span span;
  std::string kind;
};

bool is_letter_or_digit(char c) { return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80; }

std::size_t letters_in(std::string_view text, std::size_t begin, std::size_t end) {
  std::size_t count = 0;
  for (std::size_t i = begin; i < end; ++i)
    count += is_letter_or_digit(text[i]) && (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
  return count;
}

std::vector<Piece> merged(std::string_view text, std::vector<Piece> pieces) {
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return std::pair(a.span.begin, a.span.end) < std::pair(b.span.begin, b.span.end);
  });
  std::vector<Piece> out;
  for (Piece& piece : pieces) {
    const bool joins = !out.empty() && out.back().kind == piece.kind &&
                       (piece.span.begin <= out.back().span.end ||
                        letters_in(text, out.back().span.end, piece.span.begin) == 0);
    if (joins)
      out.back().span.end = std::max(out.back().span.end, piece.span.end);
    else
      out.push_back(std::move(piece));
  }
  return out;
}

double overlap(std::string_view text, Span a, Span b) {
  const std::size_t begin = std::max(a.begin, b.begin);
  const std::size_t end = std::min(a.end, b.end);
  if (begin >= end) return 0;
  const std::size_t both = letters_in(text, begin, end);
  const std::size_t either =
      letters_in(text, a.begin, a.end) + letters_in(text, b.begin, b.end) - both;
  return either == 0 ? 0 : static_cast<double>(both) / static_cast<double>(either);
}

/// The finding that covers `span` best and is still free; its index, or size() for none.
std::size_t best_match(std::string_view text, Span span, const std::vector<Piece>& findings,
                       const std::vector<bool>& used, const std::string* kind) {
  std::size_t best = findings.size();
  double most = 0;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (used[i] || (kind != nullptr && findings[i].kind != *kind)) continue;
    const double share = overlap(text, span, findings[i].span);
    if (share > most) most = share, best = i;
  }
  return most >= LabelScorer::kOverlapMin ? best : findings.size();
}

double ratio(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

double Score::precision() const { return ratio(right, claimed); }
double Score::recall() const { return ratio(found, wanted); }
double Score::f2() const {
  const double p = precision(), r = recall();
  return p + r == 0 ? 0 : 5 * p * r / (4 * p + r);
}

std::string kind_of_type(std::string_view type) {
  constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
      {"GPE", "place"},
      {"LOCATION", "place"},
      {"ADDRESS", "place"},
      {"STREET_ADDRESS", "place"},
      {"ZIP_CODE", "place"},
      {"CREDIT_CARD", "card"},
      {"PHONE_NUMBER", "phone"},
      {"EMAIL_ADDRESS", "email"},
      {"IBAN_CODE", "iban"},
      {"DOMAIN_NAME", "url"},
      {"IP_ADDRESS", "ip"},
      {"DATE_TIME", "date"},
      {"NRP", "nationality"},
      {"PREFIX", "title"},
      {"US_DRIVER_LICENSE", "driver_license"},
  };
  for (const auto& [name, kind] : kKinds)
    if (name == type) return std::string(kind);
  std::string lower(type);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return lower;
}

std::string kind_of_detector(std::string_view detector) {
  constexpr std::pair<std::string_view, std::string_view> kKinds[] = {{"location", "place"},
                                                                      {"address", "place"},
                                                                      {"ipv4", "ip"},
                                                                      {"ipv6", "ip"},
                                                                      {"birth_date", "date"}};
  for (const auto& [name, kind] : kKinds)
    if (name == detector) return std::string(kind);
  return std::string(detector);
}

void LabelScorer::add(const LabelledText& truth, const std::vector<Finding>& findings) {
  std::vector<Piece> wanted, claimed;
  for (const TrueSpan& span : truth.spans) wanted.push_back({span.span, kind_of_type(span.type)});
  for (const Finding& finding : findings)
    claimed.push_back({{finding.begin, finding.end}, kind_of_detector(finding.detector)});
  wanted = merged(truth.text, std::move(wanted));
  claimed = merged(truth.text, std::move(claimed));

  for (Score* score : {&any_, &same_}) {
    score->wanted += wanted.size();
    score->claimed += claimed.size();
  }
  for (const Piece& piece : claimed) ++by_kind_[piece.kind].claimed;
  std::vector<bool> used_any(claimed.size()), used_same(claimed.size());
  for (const Piece& piece : wanted) {
    Score& own = by_kind_[piece.kind];
    ++own.wanted;
    touched_[piece.kind] += std::any_of(claimed.begin(), claimed.end(), [&](const Piece& claim) {
      return claim.kind == piece.kind && claim.span.begin < piece.span.end &&
             claim.span.end > piece.span.begin;
    });
    const std::size_t any = best_match(truth.text, piece.span, claimed, used_any, nullptr);
    if (any < claimed.size()) {
      used_any[any] = true;
      ++any_.found, ++any_.right;
    }
    const std::size_t same = best_match(truth.text, piece.span, claimed, used_same, &piece.kind);
    if (same == claimed.size()) continue;
    used_same[same] = true;
    ++same_.found, ++same_.right;
    ++own.found, ++own.right;
  }
}

}  // namespace nearside::policy
