#include "worker/frame.h"

#include <gtest/gtest.h>

namespace nearside::worker {
namespace {

TEST(Frame, ComesOutAsItWentInHoweverTheBytesAreCut) {
  const std::string stream =
      encode_frame(FrameKind::kText, "one") + encode_frame(FrameKind::kCancel, "");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    FrameReader reader(16);
    std::vector<std::pair<int, std::string>> frames;
    const auto feed = [&](std::string_view part) {
      reader.append(part);
      while (const std::optional<Frame> frame = reader.next().value())
        frames.emplace_back(frame->kind, frame->payload);
    };
    feed(std::string_view(stream).substr(0, cut));
    feed(std::string_view(stream).substr(cut));
    EXPECT_EQ(frames, (std::vector<std::pair<int, std::string>>{
                          {static_cast<int>(FrameKind::kText), "one"},
                          {static_cast<int>(FrameKind::kCancel), ""}}))
        << cut;
  }
}

TEST(Frame, IsRefusedOnceItClaimsMoreThanTheBound) {
  const auto outcome = [](std::size_t payload_bytes) {
    FrameReader reader(16);
    // The header alone: the length is refused before any of the payload has come.
    reader.append(encode_frame(FrameKind::kText, std::string(payload_bytes, 'x')).substr(0, 5));
    return reader.next().has_value();
  };
  EXPECT_TRUE(outcome(16));
  EXPECT_FALSE(outcome(17));
}

}  // namespace
}  // namespace nearside::worker
