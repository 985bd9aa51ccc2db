#include "gateway/alarms.h"

namespace nearside::gateway {

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
  bool earliest = false;
  {
    const std::scoped_lock lock(mutex_);
    id = {when, next_++};
    const auto placed = pending_.emplace(id, std::move(ring)).first;
    earliest = placed == pending_.begin();
  }
  if (earliest) changed_.notify_all();
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
    if (pending_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const base::SteadyTime when = pending_.begin()->first.first;
    if (std::chrono::steady_clock::now() < when) {
      changed_.wait_until(lock, when);
      continue;
    }
    const auto node = pending_.extract(pending_.begin());
    lock.unlock();
    node.mapped()();
    lock.lock();
  }
}

}  // namespace nearside::gateway
