// Which models are in memory: together at most a budget of bytes, and when it is short the one that
// has been idle longest goes.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <mutex>

namespace nearside::worker {

/// Thread-safe. Outlives its members. Decides only; the members load and unload themselves.
class Residency {
 public:
  /// A model that comes and goes. Removed by its destructor. Its functions may be called from one
  /// thread at a time.
  class Member {
   public:
    /// `wake` is called, from any thread, when the member is asked to leave or when there may be
    /// room for it; it must not block, nor call back.
    Member(Residency& residency, std::size_t bytes, std::function<void()> wake);
    ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    /// True: it may load, and counts from now on. False: others have been asked to make room, or
    /// all are busy; try again when woken.
    [[nodiscard]] bool enter();
    /// It is out of memory again.
    void leave();
    /// Whether it has work; a member that has is not asked to leave.
    void set_busy(bool busy);
    [[nodiscard]] bool asked_to_leave() const;

   private:
    friend class Residency;
    Residency& residency_;
    const std::size_t bytes_;
    const std::function<void()> wake_;
    // Guarded by Residency::mutex_.
    bool inside_ = false;
    bool waiting_ = false;
    bool busy_ = false;
    bool asked_ = false;
  };

  explicit Residency(std::size_t budget_bytes) : budget_bytes_(budget_bytes) {}

  /// Of the members inside.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] std::size_t budget_bytes() const { return budget_bytes_; }

 private:
  [[nodiscard]] std::size_t bytes_inside() const;
  /// Asks the idle ones that were used longest ago, as many as `bytes` need.
  void ask_for_room(std::size_t bytes);

  const std::size_t budget_bytes_;
  mutable std::mutex mutex_;    // guards members_ and their states
  std::list<Member*> members_;  // least recently used first
};

}  // namespace nearside::worker
