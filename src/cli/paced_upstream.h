// A server that writes streams at a pace, as models do, and what a client saw of the pace.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "base/clock.h"
#include "base/json.h"
#include "gateway/alarms.h"
#include "http/load.h"
#include "http/server.h"

namespace nearside::cli {

/// Answers every request with one frame each `pace`, so many of them, each due by the clock from
/// its request on: a frame that is late makes none of the others late.
class PacedUpstream final : public http::Handler {
 public:
  PacedUpstream(std::chrono::milliseconds pace, std::size_t frames)
      : pace_(pace), frames_(frames) {}

  void handle(http::Request request, std::unique_ptr<http::Responder> responder) override;

 private:
  struct Stream {
    std::unique_ptr<http::Responder> responder;
    std::size_t left = 0;
  };
  /// The next frame of a stream.
  void set(base::SteadyTime when, std::shared_ptr<Stream> stream);

  const std::chrono::milliseconds pace_;
  const std::size_t frames_;
  gateway::Alarms alarms_;
};

/// How much longer than the pace the gaps between arrivals were, and how many were stalls: longer
/// than twice the pace and kStallBound.
base::json::object paced_figures(http::LoadResult& result, std::chrono::milliseconds pace);

/// What a system that is merely busy may add to a gap.
inline constexpr std::chrono::milliseconds kStallBound{20};

}  // namespace nearside::cli
