#include "gateway/alarms.h"

namespace nearside::gateway {
namespace {

constexpr std::chrono::minutes kSleepMax{10};

}  // namespace

Alarms::Alarms() : thread_([this] { run(); }) {}

Alarms::~Alarms() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Alarms::Id Alarms::set(base::SteadyTime when, std::function<void()> ring) {
  Id id;
  bool too_late = false;
  {
    const std::scoped_lock lock(mutex_);
    id = {when, next_++};
    pending_.emplace(id, std::move(ring));
    too_late = when < sleeps_until_;
  }
  if (too_late) changed_.notify_all();
  return id;
}

void Alarms::cancel(const Id& id) {
  std::function<void()> dropped;  // destroyed outside the lock: it may own something
  const std::scoped_lock lock(mutex_);
  if (const auto node = pending_.extract(id)) dropped = std::move(node.mapped());
}

void Alarms::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const base::SteadyTime now = std::chrono::steady_clock::now();
    const base::SteadyTime when =
        pending_.empty() ? now + kSleepMax : pending_.begin()->first.first;
    if (now < when) {
      // Most alarms are cancelled before their time. The time that was slept for stays, so that the
      // next request's alarm, which is later, wakes nobody.
      if (now >= sleeps_until_ || when < sleeps_until_) sleeps_until_ = when;
      changed_.wait_until(lock, sleeps_until_);
      continue;
    }
    const auto node = pending_.extract(pending_.begin());
    lock.unlock();
    node.mapped()();
    lock.lock();
  }
}

}  // namespace nearside::gateway
