// Detectors on labelled sentences that this project did not write, where they are at hand.
#include <cstdio>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "policy/label.h"
#include "policy/patterns_only_for_test.h"

namespace nearside::policy {
namespace {

constexpr const char* kFolder = "../shared/data/pii-presidio/";

std::string unpacked(const std::string& path) {
  FILE* pipe = ::popen(("gzip -dc " + path).c_str(), "r");
  std::string out;
  char buffer[1 << 16];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe))
    out.append(buffer, got);
  ::pclose(pipe);
  return out;
}

/// Byte offset of a code point's beginning.
std::size_t byte_offset(std::string_view text, std::int64_t point) {
  std::size_t i = 0;
  for (; i < text.size() && point > 0; --point) do
      ++i;
    while (i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80);
  return i;
}

struct Tally {
  int wanted = 0, found = 0;
};

TEST(LabelData, FindsTheStructuredKindsOfThePublishedSet) {
  if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << kFolder << " is absent";
  const std::map<std::string, std::pair<std::string, double>> kinds = {
      {"EMAIL_ADDRESS", {"email", 0.98}}, {"IBAN_CODE", {"iban", 0.98}},
      {"CREDIT_CARD", {"card", 0.98}},    {"US_SSN", {"us_ssn", 0.98}},
      {"IP_ADDRESS", {"ipv4", 0.98}},     {"PHONE_NUMBER", {"phone", 0.98}}};
  const Labeler labeler = *Labeler::create(patterns_only());
  std::map<std::string, Tally> tallies;
  int findings = 0, outside = 0;
  for (const char* name : {"synth_dataset_v2.jsonl.gz", "generated_large.jsonl.gz"}) {
    const std::string all = unpacked(std::string(kFolder) + name);
    std::size_t at = 0;
    while (at < all.size()) {
      const std::size_t end = std::min(all.find('\n', at), all.size());
      const auto record = *base::parse_json(std::string_view(all).substr(at, end - at));
      at = end + 1;
      const std::string text(record.at("text").as_string());
      const Label label = *labeler.label(Conversation::of(text));
      std::vector<std::pair<std::size_t, std::size_t>> spans;
      for (const auto& span : record.at("spans").as_array()) {
        const std::size_t begin = byte_offset(text, span.at(0).as_int64());
        const std::size_t stop = byte_offset(text, span.at(1).as_int64());
        spans.emplace_back(begin, stop);
        const auto kind = kinds.find(std::string(span.at(2).as_string()));
        if (kind == kinds.end()) continue;
        bool found = false;
        for (const Finding& finding : label.findings)
          found |=
              finding.detector == kind->second.first && finding.begin < stop && finding.end > begin;
        Tally& tally = tallies[kind->first];
        ++tally.wanted;
        tally.found += found ? 1 : 0;
        if (!found) RecordProperty("missed", text.substr(begin, stop - begin));
        if (!found && ::getenv("SHOW"))
          std::printf("missed %s: %s\n", kind->first.c_str(), text.c_str());
      }
      for (const Finding& finding : label.findings) {
        bool inside = false;
        for (const auto& [begin, stop] : spans)
          inside |= finding.begin < stop && finding.end > begin;
        ++findings;
        outside += inside ? 0 : 1;
        if (!inside && ::getenv("SHOW"))
          std::printf("alarm %s: %s\n", finding.detector.c_str(),
                      text.substr(finding.begin, finding.end - finding.begin).c_str());
      }
    }
  }
  for (const auto& [kind, target] : kinds) {
    const Tally tally = tallies[kind];
    std::printf("%-14s %d of %d\n", kind.c_str(), tally.found, tally.wanted);
    EXPECT_GE(tally.found, target.second * tally.wanted) << kind;
  }
  std::printf("outside any labelled span: %d of %d findings\n", outside, findings);
  EXPECT_LE(outside, findings / 20);
}

}  // namespace
}  // namespace nearside::policy
