#include "policy/pseudonyms/pseudonymizer.h"

#include <algorithm>

#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

/// A byte of a word or number: letters beyond ASCII count.
bool is_inner(char c) { return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && !is_inner(text.front())) text.remove_prefix(1);
  while (!text.empty() && !is_inner(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

/// What of a finding is no placeholder: all of it as a rule, the pieces between them where texts
/// were replaced before.
std::vector<std::string_view> pieces_of(std::string_view text, const Finding& finding,
                                        const PseudonymTable& table) {
  std::vector<std::string_view> pieces;
  std::size_t begin = finding.begin;
  // A finding may begin inside a placeholder ("PERSON_1" may look like a code).
  const std::size_t open = text.rfind('[', begin);
  std::size_t at = open == std::string_view::npos ? begin : open;
  bool replaced = false;
  for (; at < finding.end; ++at) {
    const std::size_t bytes = text[at] == '[' ? table.placeholder_bytes(text, at) : 0;
    if (bytes == 0) continue;
    if (at + bytes <= begin) {
      at += bytes - 1;
      continue;
    }
    replaced = true;
    if (at > begin) pieces.push_back(trimmed(text.substr(begin, at - begin)));
    begin = at + bytes;
    at = begin - 1;
  }
  if (!replaced) return {without_space(text.substr(finding.begin, finding.end - finding.begin))};
  if (begin < finding.end) pieces.push_back(trimmed(text.substr(begin, finding.end - begin)));
  // The tagger makes little of placeholders and takes the words between them along ("and").
  std::erase_if(pieces, [](std::string_view piece) {
    const bool digit = std::any_of(piece.begin(), piece.end(), is_digit);
    const bool capital = std::any_of(piece.begin(), piece.end(), [](char c) {
      return (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
    });
    return piece.size() < 2 || (!digit && !(capital && piece.size() > 3));
  });
  return pieces;
}

/// The tagger takes a short word beside a value for an address now and then ("and"): it is none,
/// and would be replaced wherever it stands.
bool is_chance(const Finding& finding, std::string_view text) {
  const std::string_view value = trimmed(text.substr(finding.begin, finding.end - finding.begin));
  return finding.detector == "address" && value.size() <= 3 &&
         std::none_of(value.begin(), value.end(), is_digit);
}

/// Findings that overlap become one, of the longer one's kind: every byte of both is replaced.
std::vector<Finding> joined(std::vector<Finding> findings) {
  const auto size = [](const Finding& one) { return one.end - one.begin; };
  std::sort(findings.begin(), findings.end(), [&](const Finding& a, const Finding& b) {
    return std::pair(a.begin, size(b)) < std::pair(b.begin, size(a));
  });
  std::vector<Finding> out;
  for (Finding& finding : findings) {
    if (out.empty() || finding.begin >= out.back().end) {
      out.push_back(std::move(finding));
      continue;
    }
    Finding& before = out.back();
    if (size(finding) > size(before)) before.detector = std::move(finding.detector);
    before.end = std::max(before.end, finding.end);
  }
  return out;
}

}  // namespace

const std::vector<std::string>& usual_pseudonym_detectors() {
  static const std::vector<std::string> kNames = {
      "address", "birth_date", "card",          "driver_license", "email",  "iban",  "ipv4",
      "ipv6",    "mac",        "national_code", "national_id",    "person", "phone", "us_ssn"};
  return kNames;
}

Pseudonymizer::Pseudonymizer(const Labeler& labeler, std::vector<std::string> detectors)
    : labeler_(labeler), detectors_(std::move(detectors)) {
  std::sort(detectors_.begin(), detectors_.end());
}

bool Pseudonymizer::replaces(std::string_view detector) const {
  return std::binary_search(detectors_.begin(), detectors_.end(), detector);
}

base::Result<std::size_t> Pseudonymizer::learn(std::string_view text, PseudonymTable& table) const {
  std::vector<Finding> findings = TRY(labeler_.find_all(text));
  std::erase_if(findings, [&](const Finding& one) {
    return !replaces(one.detector) || is_chance(one, text);
  });
  std::size_t count = 0;
  for (const Finding& finding : joined(std::move(findings))) {
    for (const std::string_view piece : pieces_of(text, finding, table)) {
      TRY(table.placeholder(finding.detector, piece));
      ++count;
    }
  }
  return count;
}

base::Result<std::string> Pseudonymizer::replace(std::string_view text,
                                                 PseudonymTable& table) const {
  TRY(learn(text, table));
  return table.replace(text);
}

}  // namespace nearside::policy
