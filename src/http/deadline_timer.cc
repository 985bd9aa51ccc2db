#include "http/deadline_timer.h"

#include <algorithm>
#include <utility>

namespace nearside::http {
namespace {

// Deadlines are looked at this often at least: the first byte of a reply brings a nearer one.
constexpr std::chrono::milliseconds kLookedAt{1'000};

}  // namespace

DeadlineTimer::DeadlineTimer(boost::asio::io_context& context, Look look)
    : state_(std::make_shared<State>(context, std::move(look))) {}

void DeadlineTimer::arm(Time deadline) { arm(state_, deadline); }

void DeadlineTimer::cancel() {
  state_->cancelled = true;
  state_->timer.cancel();
}

void DeadlineTimer::arm(const std::shared_ptr<State>& state, Time deadline) {
  if (deadline >= state->armed) return;
  deadline = std::min(deadline, std::chrono::steady_clock::now() + kLookedAt);
  if (deadline >= state->armed) return;
  state->armed = deadline;
  state->timer.expires_at(deadline);
  state->timer.async_wait([weak = std::weak_ptr(state)](boost::system::error_code error) {
    const auto alive = weak.lock();
    if (error || !alive || alive->cancelled) return;
    alive->armed = Time::max();
    const Time next = alive->look(std::chrono::steady_clock::now());
    if (next != Time::max()) arm(alive, next);
  });
}

}  // namespace nearside::http
