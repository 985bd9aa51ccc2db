#include "worker/flight.h"

#include <utility>

namespace nearside::worker {

namespace {

bool ends_call(const chat::Event& event) {
  return std::holds_alternative<chat::Finished>(event) ||
         std::holds_alternative<chat::Failed>(event);
}

}  // namespace

void Flight::deliver(chat::Event event) {
  chat::Sink spent;  // destroyed after the lock is released: its captures may own much
  const std::scoped_lock lock(mutex_);
  if (over_) return;
  over_ = ends_call(event);
  delivering_ = true;
  sink_(std::move(event));
  delivering_ = false;
  // The sink often owns, through its captures, the Call that owns us: letting go breaks the circle.
  if (over_) spent = std::move(sink_);
}

void Flight::close() {
  chat::Sink spent;
  const std::scoped_lock lock(mutex_);
  over_ = true;
  if (!delivering_) spent = std::move(sink_);  // else deliver(), further down this stack, lets go
}

}  // namespace nearside::worker
