// Detectors against a table of texts.
#include <algorithm>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "policy/detectors/registry.h"
#include "policy/label.h"
#include "policy/patterns_only_for_test.h"

namespace nearside::policy {
namespace {

const Labeler& default_labeler() {
  static const Labeler instance = *Labeler::create(patterns_only());
  return instance;
}

constexpr std::string_view kOpen = "\xc2\xab";
constexpr std::string_view kClose = "\xc2\xbb";

struct Row {
  int line = 0;
  std::string detector;
  std::string text;
  std::vector<std::string> expected;
};

Row parse_row(const std::string& line, int number) {
  Row row;
  row.line = number;
  const std::size_t bar = line.find(" | ");
  row.detector = line.substr(0, bar);
  std::string_view rest = std::string_view(line).substr(bar + 3);
  while (!rest.empty()) {
    if (rest.starts_with("\\n")) {
      row.text += '\n';
      rest.remove_prefix(2);
      if (!row.expected.empty() && row.expected.back().starts_with(kOpen))
        row.expected.back() += '\n';
    } else if (rest.starts_with(kOpen)) {
      row.expected.emplace_back(kOpen);  // open until the closing mark
      rest.remove_prefix(2);
    } else if (rest.starts_with(kClose)) {
      row.expected.back().erase(0, 2);
      rest.remove_prefix(2);
    } else {
      row.text += rest.front();
      if (!row.expected.empty() && row.expected.back().starts_with(kOpen))
        row.expected.back() += rest.front();
      rest.remove_prefix(1);
    }
  }
  return row;
}

std::vector<Row> read_table() {
  std::ifstream file("src/policy/testdata/detectors.txt");
  std::vector<Row> rows;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number)
    if (!line.empty() && line[0] != '#') rows.push_back(parse_row(line, number));
  return rows;
}

Label label_of(const Labeler& labeler, std::string_view text) {
  auto label = labeler.label(Conversation::of(text));
  EXPECT_TRUE(label.has_value());
  return *std::move(label);
}

TEST(Detectors, FindWhatTheTableMarksAndNothingElse) {
  const Labeler& labeler = default_labeler();
  const auto rows = read_table();
  ASSERT_GT(rows.size(), 50U);
  for (const Row& row : rows) {
    const Label label = label_of(labeler, row.text);
    std::vector<std::string> found, others;
    for (const Finding& finding : label.findings) {
      const std::string value = row.text.substr(finding.begin, finding.end - finding.begin);
      // Two detectors may know one thing: a key by its shape and by the name before it.
      const bool same =
          std::any_of(label.findings.begin(), label.findings.end(), [&](const Finding& other) {
            return other.detector == row.detector && other.begin < finding.end &&
                   finding.begin < other.end;
          });
      if (finding.detector == row.detector)
        found.push_back(value);
      else if (!same)
        others.push_back(finding.detector + " " + value);
    }
    EXPECT_EQ(found, row.expected) << "detectors.txt:" << row.line << ": " << row.text;
    EXPECT_TRUE(others.empty()) << "detectors.txt:" << row.line << ": " << row.text << ": also "
                                << others[0];
  }
}

// Written in two parts so that nobody's scanner takes this file for a leak.
TEST(Detectors, FindTokensByTheirIssuersPrefix) {
  const Labeler& labeler = default_labeler();
  const std::string body = "Zk3Jq8vR2mX7cB5nT9wL4pD6sF1hG0yUaEiO3Jq8vR2mX7cB5nT9wL4pD6sF1hG0";
  const std::pair<const char*, std::size_t> tokens[] = {
      {"ghp_", 36},    {"github_pat_", 60}, {"glpat-", 20}, {"xoxb-", 40},   {"sk_live_", 24},
      {"AIza", 35},    {"sk-proj-", 48},    {"sk-", 48},    {"sk-ant-", 60}, {"hf_", 34},
      {"GOCSPX-", 28}, {"npm_", 36},        {"hvs.", 30}};
  for (const auto& [prefix, size] : tokens) {
    const std::string text = "use " + std::string(prefix) + body.substr(0, size) + " for it";
    const Label label = label_of(labeler, text);
    ASSERT_EQ(label.findings.size(), 1U) << prefix;
    EXPECT_EQ(label.findings[0].detector, "token");
    EXPECT_EQ(label.findings[0].begin, 4U);
    EXPECT_EQ(label.findings[0].end, text.size() - 7);
    EXPECT_EQ(label.sensitivity, Sensitivity::kRestricted);
  }
  EXPECT_EQ(label_of(labeler, std::string("AK") + "IAQ3EGYHZ7WPLMN2XK").findings_count, 1U);
  EXPECT_EQ(label_of(labeler, "sk-" + std::string(48, 'x')).findings_count, 0U) << "no entropy";
  EXPECT_EQ(label_of(labeler, "task-" + body.substr(0, 40)).findings_count, 0U) << "inside a word";
}

TEST(Detectors, StayLinearOnTextsMadeToBeSlow) {
  const Labeler& labeler = default_labeler();
  for (const std::string_view piece :
       {"@a", "a@a.", "eyJ", "eyJ.", "sk-", "4111 ", "1.1.", "a:b:", "password=", "$2a$", "www.",
        "1:", "DE89", "+49 ", "-----BEGIN PRIVATE KEY", "(0",
        "\xc2\xa0"
        "1"}) {
    std::string text;
    while (text.size() < 200'000) text += piece;
    EXPECT_TRUE(labeler.label(Conversation::of(text)).has_value()) << piece;
  }
}

TEST(Detectors, AreRegisteredOnceEach) {
  std::map<std::string, int> names;
  for (const DetectorInfo& info : detectors()) ++names[info.name];
  for (const auto& [name, count] : names) EXPECT_EQ(count, 1) << name;
  EXPECT_GE(names.size(), 12U);
}

}  // namespace
}  // namespace nearside::policy
