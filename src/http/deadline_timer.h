// One timer of an event loop for the deadlines of all its calls. Only this room's drivers include
// this.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace nearside::http {

/// On the loop's thread. Most calls end long before their deadline, so a firing that comes earlier
/// than a new deadline stands for it too: setting the timer for each call would cost a system call.
class DeadlineTimer {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Ends what is late; the nearest deadline of what is left, Time::max() when there is none.
  using Look = std::function<Time(Time now)>;

  /// `look` is not called after cancel() or when this is gone.
  DeadlineTimer(boost::asio::io_context& context, Look look);

  /// `look` is called by then.
  void arm(Time deadline);
  void cancel();

 private:
  struct State {
    State(boost::asio::io_context& context, Look do_look)
        : timer(context), look(std::move(do_look)) {}
    boost::asio::steady_timer timer;
    Look look;
    Time armed = Time::max();
    bool cancelled = false;
  };
  static void arm(const std::shared_ptr<State>& state, Time deadline);

  std::shared_ptr<State> state_;  // handlers hold it weakly
};

}  // namespace nearside::http
