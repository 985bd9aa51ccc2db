// Threads that wait for the network. A server and a client that share them pass a request on
// without changing the thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace nearside::http {

/// Some event loops, each run by a thread of its own. Thread-safe.
class Loops {
 public:
  /// REQUIRES: threads > 0.
  explicit Loops(std::size_t threads);
  /// Stops and joins the threads; what still waits is dropped. Call from outside of them.
  ~Loops();
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  [[nodiscard]] std::size_t size() const { return loops_.size(); }
  /// For this room's own files, the only ones that know Asio.
  [[nodiscard]] boost::asio::io_context& context(std::size_t index) const;
  /// Which of these loops the calling thread runs.
  [[nodiscard]] std::optional<std::size_t> here() const;
  /// Runs `action` once on each loop's thread and returns when all have. Call from outside of them.
  void on_each(const std::function<void(std::size_t index)>& action) const;
  /// As many as there are processors, up to a bound: a loop costs memory, and a few of them pass on
  /// more than one machine's models can answer.
  static std::size_t threads_of_this_machine();

 private:
  struct Loop;
  std::vector<std::unique_ptr<Loop>> loops_;
};

}  // namespace nearside::http
