#include "http/loops.h"

#include <algorithm>
#include <latch>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/check.h"

namespace nearside::http {
namespace {

constexpr std::size_t kThreadsMin = 2;
constexpr std::size_t kThreadsMax = 8;

struct Place {
  const Loops* loops = nullptr;
  std::size_t index = 0;
};
thread_local Place place;

}  // namespace

struct Loops::Loop {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
      context.get_executor()};
  std::thread thread;
};

Loops::Loops(std::size_t threads) {
  CHECK(threads > 0);
  for (std::size_t i = 0; i < threads; ++i) {
    loops_.push_back(std::make_unique<Loop>());
    Loop& loop = *loops_.back();
    loop.thread = std::thread([this, i, &loop] {
      place = {this, i};
      loop.context.run();
    });
  }
}

Loops::~Loops() {
  CHECK(!here());
  for (const auto& loop : loops_) loop->context.stop();
  for (const auto& loop : loops_) loop->thread.join();
}

boost::asio::io_context& Loops::context(std::size_t index) const { return loops_[index]->context; }

std::optional<std::size_t> Loops::here() const {
  if (place.loops != this) return std::nullopt;
  return place.index;
}

void Loops::on_each(const std::function<void(std::size_t index)>& action) const {
  CHECK(!here());
  std::latch left(static_cast<std::ptrdiff_t>(loops_.size()));
  for (std::size_t i = 0; i < loops_.size(); ++i)
    boost::asio::post(loops_[i]->context, [&action, &left, i] {
      action(i);
      left.count_down();
    });
  left.wait();
}

std::size_t Loops::threads_of_this_machine() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), kThreadsMin, kThreadsMax);
}

}  // namespace nearside::http
