// A server that writes streams at a pace, as models do, and what a client saw of the pace.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "http/load.h"
#include "http/server.h"

namespace nearside::cli {

/// Answers every request with one frame each `pace`, so many of them, each due by the clock from
/// its request on: a frame that is late makes none of the others late.
class PacedUpstream final : public http::Handler {
 public:
  PacedUpstream(std::chrono::milliseconds pace, std::size_t frames);
  ~PacedUpstream() override;
  PacedUpstream(const PacedUpstream&) = delete;
  PacedUpstream& operator=(const PacedUpstream&) = delete;

  void handle(http::Request request, std::unique_ptr<http::Responder> responder) override;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Stream {
    std::unique_ptr<http::Responder> responder;
    std::size_t left = 0;
  };
  struct Due {
    Time when;
    std::shared_ptr<Stream> stream;
    bool operator<(const Due& other) const { return when > other.when; }  // the earliest on top
  };
  void run();

  const std::chrono::milliseconds pace_;
  const std::size_t frames_;
  std::mutex mutex_;  // guards due_ and stopping_
  std::condition_variable changed_;
  std::priority_queue<Due> due_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

/// How much longer than the pace the gaps between arrivals were, and how many were stalls: longer
/// than twice the pace and kStallBound.
base::json::object paced_figures(http::LoadResult& result, std::chrono::milliseconds pace);

/// What a system that is merely busy may add to a gap.
inline constexpr std::chrono::milliseconds kStallBound{20};

}  // namespace nearside::cli
