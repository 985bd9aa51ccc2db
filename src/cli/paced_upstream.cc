#include "cli/paced_upstream.h"

#include <string_view>
#include <utility>
#include <vector>

namespace nearside::cli {
namespace {

constexpr std::string_view kFrame =
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
    "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"},\"finish_reason\":null}]}\n\n";
constexpr std::string_view kEnd =
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
    "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{"
    "\"prompt_tokens\":256,\"completion_tokens\":64,\"total_tokens\":320}}\n\ndata: [DONE]\n\n";

}  // namespace

void PacedUpstream::handle(http::Request, std::unique_ptr<http::Responder> responder) {
  responder->begin(200, {{"content-type", "text/event-stream"}});
  set(std::chrono::steady_clock::now() + pace_,
      std::make_shared<Stream>(Stream{std::move(responder), frames_}));
}

void PacedUpstream::set(base::SteadyTime when, std::shared_ptr<Stream> stream) {
  alarms_.set(when, [this, when, stream = std::move(stream)] {
    if (!stream->responder->write(kFrame)) return;
    if (--stream->left > 0) return set(when + pace_, stream);
    stream->responder->write(kEnd);
    stream->responder->finish();
  });
}

base::json::object paced_figures(http::LoadResult& result, std::chrono::milliseconds pace) {
  const auto pace_us = static_cast<std::uint32_t>(std::chrono::microseconds(pace).count());
  const auto stall_us =
      static_cast<std::uint32_t>(2 * pace_us + std::chrono::microseconds(kStallBound).count());
  std::vector<std::uint32_t> added;
  added.reserve(result.gap_us.size());
  std::size_t stalls = 0;
  for (const std::uint32_t gap : result.gap_us) {
    if (gap > stall_us) ++stalls;
    added.push_back(gap > pace_us ? gap - pace_us : 0);
  }
  return {{"frames", added.size()},
          {"added_gap_p50_us", http::percentile(added, 0.5)},
          {"added_gap_p99_us", http::percentile(added, 0.99)},
          {"added_gap_max_us", http::percentile(added, 1)},
          {"stalls", stalls}};
}

}  // namespace nearside::cli
