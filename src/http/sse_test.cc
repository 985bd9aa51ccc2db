#include "http/sse.h"

#include <vector>

#include <gtest/gtest.h>

namespace nearside::http {
namespace {

std::vector<std::string> read(std::string_view bytes, std::size_t piece_bytes) {
  SseParser parser;
  std::vector<std::string> seen;
  while (!bytes.empty()) {
    EXPECT_TRUE(parser.feed(bytes.substr(0, piece_bytes), [&](const SseEvent& event) {
      seen.push_back(event.event + "|" + event.data);
    }));
    bytes.remove_prefix(std::min(piece_bytes, bytes.size()));
  }
  return seen;
}

TEST(SseParser, ReadsTheSameEventsHoweverTheBytesAreSplit) {
  const std::string_view stream =
      "\xEF\xBB\xBF: comment\r\ndata: one\r\n\r\nevent: named\ndata:two\ndata:  three\n\n"
      "data\rretry: 5\r\rdata: cut";
  const std::vector<std::string> expected = {"|one", "named|two\n three", "|"};
  for (std::size_t piece = 1; piece <= stream.size(); ++piece)
    EXPECT_EQ(read(stream, piece), expected) << "pieces of " << piece;
}

TEST(SseParser, KnowsThatAnEventIsUnfinished) {
  SseParser parser;
  ASSERT_TRUE(parser.feed("data: x\n\n", [](const SseEvent&) {}));
  EXPECT_FALSE(parser.mid_event());
  ASSERT_TRUE(parser.feed("data: y\n", [](const SseEvent&) {}));
  EXPECT_TRUE(parser.mid_event());
}

TEST(SseParser, AcceptsAnEventAtTheBoundAndRefusesOnePastIt) {
  SseParser at(10);
  EXPECT_TRUE(at.feed("data: 7890\n\n", [](const SseEvent&) {}));
  SseParser past(10);
  const base::Status status = past.feed("data: 78901\n\n", [](const SseEvent&) {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, base::Code::kTooLarge);
}

TEST(SseParser, CountsManyLinesOfOneEventTogether) {
  SseParser parser(100);
  base::Status status;
  for (int i = 0; i < 100 && status; ++i)
    status = parser.feed("data: 123456789\n", [](const SseEvent&) {});
  EXPECT_FALSE(status);
}

TEST(SseWriter, WritesWhatTheParserReads) {
  std::string out;
  append_sse(out, "a\nb", "name");
  append_sse(out, "c");
  EXPECT_EQ(out, "event: name\ndata: a\ndata: b\n\ndata: c\n\n");
  EXPECT_EQ(read(out, 3), (std::vector<std::string>{"name|a\nb", "|c"}));
}

}  // namespace
}  // namespace nearside::http
