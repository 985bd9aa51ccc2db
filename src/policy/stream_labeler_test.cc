#include "policy/stream_labeler.h"

#include <random>

#include <gtest/gtest.h>

namespace nearside::policy {
namespace {

const Labeler& labeler() {
  static const Labeler instance = *Labeler::create({});
  return instance;
}

std::string long_answer() {
  std::string text;
  for (int i = 0; i < 30; ++i) {
    text += "The pump is hot and the valve is open. ";
    if (i % 7 == 3) text += "Write to anna" + std::to_string(i) + "@plant.example today. ";
    if (i % 11 == 5) text += "Pay to DE89 3704 0044 0532 0130 00, please. ";
  }
  return text;
}

TEST(StreamLabeler, FindsWhatIsInTheWholeHoweverItIsCut) {
  const std::string text = long_answer();
  std::vector<std::pair<std::string, std::string>> wanted;
  const std::vector<Finding> whole = *labeler().find(text);
  for (const Finding& finding : whole)
    if (finding.detector == "email" || finding.detector == "iban")
      wanted.emplace_back(finding.detector,
                          text.substr(finding.begin, finding.end - finding.begin));
  ASSERT_EQ(wanted.size(), 7U);
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    StreamLabeler stream(labeler());
    std::string sent;
    std::vector<std::pair<std::string, std::string>> found;
    const auto take = [&](StreamLabeler::Piece piece) {
      sent += piece.text;
      for (const Finding& finding : piece.findings)
        if (finding.detector == "email" || finding.detector == "iban") {
          ASSERT_LE(finding.end, sent.size());  // whole, and not before it was read
          found.emplace_back(finding.detector,
                             sent.substr(finding.begin, finding.end - finding.begin));
        }
    };
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random() % 40;
      take(*stream.push(std::string_view(text).substr(at, size)));
      EXPECT_LE(stream.held_bytes(), StreamLabeler::kHeldBytesMax);
      at += size;
    }
    take(*stream.finish());
    EXPECT_EQ(sent, text);
    EXPECT_EQ(found, wanted);
  }
}

TEST(StreamLabeler, SendsShortAnswersAtTheirEnd) {
  StreamLabeler stream(labeler());
  EXPECT_EQ(stream.push("hello")->text, "");
  EXPECT_EQ(stream.finish()->text, "hello");
  EXPECT_EQ(stream.finish()->text, "");
}

}  // namespace
}  // namespace nearside::policy
