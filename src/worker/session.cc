#include "worker/session.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace nearside::worker {

using base::Code;
using base::fail;
using std::chrono::milliseconds;

namespace {

// A dead worker's pipe holds 64 KiB at most.
constexpr std::size_t kLastComplaintReads = 16;

}  // namespace

std::optional<Death> Session::run(const std::stop_token& stop) {
  const base::SteadyTime ready_deadline = clock_.steady() + limits_.ready_timeout;
  while (!stop.stop_requested()) {
    calls_.deliver_refusals();
    // Before anything is taken: a call that comes now is the next worker's.
    if (let_go()) break;
    if (sent_ == pending_.size()) {
      pending_ = calls_.take_outgoing();
      sent_ = 0;
    }
    bool readable = false;
    bool writable = false;
    if (!wait(ready_deadline, readable, writable)) {
      process_.kill();
      if (ready_at_)
        return dead(fail(Code::kUnavailable,
                         "the worker was stopped because it hung: it said nothing for {} ms while "
                         "it owed {} answers",
                         limits_.silence_max.count(), calls_.in_flight()),
                    Ending::kLate);
      return dead(fail(Code::kUnavailable, "the worker did not get ready within {} ms",
                       limits_.ready_timeout.count()),
                  Ending::kLate);
    }
    // Reading first: what a worker said before it died is heard before its death is.
    base::Status status = readable ? receive() : base::Status();
    if (load_failed_) return dead(*load_failed_, Ending::kLoadFailed);
    if (status && writable) status = send();
    if (!status) {
      const bool gone = status.error().code == Code::kUnavailable;
      return dead(std::move(status).error(), gone ? Ending::kGone : Ending::kMisbehaved);
    }
  }
  process_.kill();
  return std::nullopt;
}

bool Session::wait(base::SteadyTime ready_deadline, bool& readable, bool& writable) {
  int timeout_ms = -1;
  if (const auto until = patience(ready_deadline)) {
    const auto left = std::chrono::ceil<milliseconds>(*until - clock_.steady()).count();
    if (left <= 0) return calls_.in_flight() == 0 && ready_at_;  // kept no longer, or not in time
    timeout_ms = static_cast<int>(std::min<std::int64_t>(left, 60'000));
  }
  const bool sending = sent_ < pending_.size();
  std::array<pollfd, 3> waiting = {
      pollfd{process_.channel().get(), static_cast<short>(sending ? POLLIN | POLLOUT : POLLIN), 0},
      pollfd{calls_.wake_fd(), POLLIN, 0}, pollfd{process_.errors().get(), POLLIN, 0}};
  if (::poll(waiting.data(), waiting.size(), timeout_ms) <= 0) return true;  // time, or a signal
  if (waiting[1].revents != 0) calls_.clear_wake();
  if (waiting[2].revents != 0) hear_complaints();
  readable = (waiting[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
  writable = (waiting[0].revents & POLLOUT) != 0;
  return true;
}

std::optional<base::SteadyTime> Session::patience(base::SteadyTime ready_deadline) {
  if (!ready_at_) return ready_deadline;
  if (calls_.in_flight() == 0) {
    owing_since_.reset();
    return kept_until_;
  }
  if (!owing_since_) owing_since_ = clock_.steady();
  return *owing_since_ + limits_.silence_max;
}

bool Session::let_go() {
  if (!listener_.kept_until || !ready_at_) return false;
  const bool busy = calls_.in_flight() > 0;
  kept_until_ = listener_.kept_until(busy);
  return !busy && sent_ == pending_.size() && kept_until_ && *kept_until_ <= clock_.steady();
}

void Session::hear_complaints() {
  std::array<char, 4096> bytes;
  const ssize_t count = ::read(process_.errors().get(), bytes.data(), bytes.size());
  if (count <= 0) return;  // at its end the channel's end is near, too
  for (const std::string& line : complaints_.push({bytes.data(), static_cast<std::size_t>(count)}))
    listener_.on_complaint(line);
}

base::Status Session::receive() {
  const ssize_t count = ::read(process_.channel().get(), chunk_.data(), chunk_.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  if (count <= 0) return fail(Code::kUnavailable, "closed its channel");
  if (owing_since_) owing_since_ = clock_.steady();
  reader_.append(std::span(chunk_).first(static_cast<std::size_t>(count)));
  while (const std::optional<Frame> frame = TRY(reader_.next())) {
    FromWorker message = TRY(decode_from_worker(*frame));
    TRY(handle(std::move(message)));
    if (load_failed_) break;
  }
  return {};
}

base::Status Session::handle(FromWorker message) {
  if (std::holds_alternative<Alive>(message)) {
    if (!ready_at_) return fail(Code::kCorrupt, "a sign of life before the model was ready");
    return {};
  }
  if (auto* happened = std::get_if<Happened>(&message)) {
    if (!ready_at_) return fail(Code::kCorrupt, "an event before the model was ready");
    calls_.deliver(happened->id, std::move(happened->event));
    return {};
  }
  if (ready_at_) return fail(Code::kCorrupt, "a second report on loading");
  if (auto* failed = std::get_if<LoadFailed>(&message)) {
    load_failed_ = std::move(failed->error);
    return {};
  }
  ready_at_ = clock_.steady();
  calls_.open();  // first: whoever sees the model ready may call
  listener_.on_ready(std::get<Ready>(message));
  return {};
}

base::Status Session::send() {
  const std::string_view rest = std::string_view(pending_).substr(sent_);
  const ssize_t count = ::send(process_.channel().get(), rest.data(), rest.size(), MSG_NOSIGNAL);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  if (count < 0)
    return fail(Code::kUnavailable, "takes no more requests: {}", std::strerror(errno));
  sent_ += static_cast<std::size_t>(count);
  return {};
}

Death Session::dead(base::Error why, Ending ending) {
  Death death;
  death.load_failed = ending == Ending::kLoadFailed;
  if (ready_at_)
    death.served_for = std::chrono::duration_cast<milliseconds>(clock_.steady() - *ready_at_);
  if (ending == Ending::kMisbehaved) process_.kill();
  const std::string end = process_.end();
  for (std::size_t before = 0; before < kLastComplaintReads; ++before) hear_complaints();
  for (const std::string& line : complaints_.finish()) listener_.on_complaint(line);
  if (ending == Ending::kGone) why = fail(Code::kUnavailable, "the worker {}", end);
  if (ending == Ending::kMisbehaved)
    why =
        fail(Code::kUnavailable, "the worker was stopped because it sent garbage: {}", why.message);
  death.why = std::move(why);
  return death;
}

}  // namespace nearside::worker
