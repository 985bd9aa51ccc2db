#include "cli/paced_upstream.h"

#include <algorithm>
#include <string_view>
#include <utility>

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

PacedUpstream::PacedUpstream(std::chrono::milliseconds pace, std::size_t frames)
    : pace_(pace), frames_(frames), thread_([this] { run(); }) {}

PacedUpstream::~PacedUpstream() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void PacedUpstream::handle(http::Request, std::unique_ptr<http::Responder> responder) {
  responder->begin(200, {{"content-type", "text/event-stream"}});
  const auto stream = std::make_shared<Stream>(Stream{std::move(responder), frames_});
  {
    const std::scoped_lock lock(mutex_);
    due_.push({std::chrono::steady_clock::now() + pace_, stream});
  }
  changed_.notify_one();
}

void PacedUpstream::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (due_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const Due next = due_.top();
    if (next.when > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock, next.when);
      continue;
    }
    due_.pop();
    lock.unlock();
    bool goes_on = next.stream->responder->write(kFrame);
    if (goes_on && --next.stream->left == 0) {
      next.stream->responder->write(kEnd);
      next.stream->responder->finish();
      goes_on = false;
    }
    lock.lock();
    if (goes_on) due_.push({next.when + pace_, next.stream});
  }
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
