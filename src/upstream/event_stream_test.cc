// Frames whole, split anywhere, and broken in every byte.
#include "upstream/event_stream.h"

#include <vector>

#include <gtest/gtest.h>

namespace nearside::upstream {
namespace {

const EventFrame kFirst{"event", "messageStart", R"({"role":"assistant"})"};
const EventFrame kSecond{"exception", "throttlingException", R"({"message":"slow"})"};

base::Status feed(EventStreamParser& parser, std::string_view bytes,
                  std::vector<EventFrame>& frames) {
  return parser.feed(bytes, [&frames](const EventFrame& frame) { frames.push_back(frame); });
}

TEST(EventStream, AgreesWithTheChecksumOfTheStandard) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
}

TEST(EventStream, ReadsFramesHoweverTheyAreSplit) {
  const std::string bytes = encode_frame(kFirst) + encode_frame(kSecond);
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    EventStreamParser parser;
    std::vector<EventFrame> frames;
    for (std::size_t at = 0; at < bytes.size(); at += size)
      ASSERT_TRUE(feed(parser, std::string_view(bytes).substr(at, size), frames));
    ASSERT_EQ(frames.size(), 2U) << size;
    EXPECT_EQ(frames[0].event_type, "messageStart");
    EXPECT_EQ(frames[0].payload, kFirst.payload);
    EXPECT_EQ(frames[1].message_type, "exception");
    EXPECT_EQ(frames[1].event_type, "throttlingException");
    EXPECT_FALSE(parser.mid_frame());
  }
}

TEST(EventStream, NoticesAnyByteThatChanged) {
  const std::string good = encode_frame(kFirst);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    EventStreamParser parser;
    std::vector<EventFrame> frames;
    EXPECT_FALSE(feed(parser, bad, frames)) << i;
    EXPECT_TRUE(frames.empty()) << i;
  }
}

TEST(EventStream, RefusesLengthsBeyondItsBoundBeforeReadingThem) {
  std::string prelude("\x7f\xff\xff\xff\x00\x00\x00\x00", 8);
  const std::uint32_t sum = crc32(prelude);
  for (int shift = 24; shift >= 0; shift -= 8)
    prelude.push_back(static_cast<char>((sum >> static_cast<unsigned>(shift)) & 255U));
  EventStreamParser parser;
  std::vector<EventFrame> frames;
  const base::Status status = feed(parser, prelude + "abcd", frames);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, base::Code::kTooLarge);
}

}  // namespace
}  // namespace nearside::upstream
