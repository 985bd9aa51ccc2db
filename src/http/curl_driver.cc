#include "http/curl_driver.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "base/check.h"

namespace nearside::http {

namespace asio = boost::asio;

CurlDriver::CurlDriver(asio::io_context& context, const ClientOptions& options, CallBound& calls)
    : context_(context),
      calls_(calls),
      multi_(curl_multi_init()),
      timeout_timer_(context),
      deadlines_(context, [this](DeadlineTimer::Time now) { return end_late_ones(now); }) {
  CHECK(multi_ != nullptr);
  const auto set = [this](CURLMoption option, auto value) {
    CHECK(curl_multi_setopt(multi_, option, value) == CURLM_OK);
  };
  set(CURLMOPT_MAXCONNECTS, static_cast<long>(options.idle_connections_max));
  set(CURLMOPT_SOCKETFUNCTION, &CurlDriver::on_socket);
  set(CURLMOPT_SOCKETDATA, static_cast<void*>(this));
  set(CURLMOPT_TIMERFUNCTION, &CurlDriver::on_timer);
  set(CURLMOPT_TIMERDATA, static_cast<void*>(this));
}

CurlDriver::~CurlDriver() { CHECK(closed_); }

void CurlDriver::close() {
  closed_ = true;
  timeout_timer_.cancel();
  deadlines_.cancel();
  for (const auto& [handle, transfer] : running_) curl_multi_remove_handle(multi_, handle);
  calls_.give_back(running_.size());
  running_.clear();
  curl_multi_cleanup(multi_);
  for (const auto& [socket, watch] : watches_) watch->descriptor.release();
  watches_.clear();
}

void CurlDriver::post_start(std::shared_ptr<CurlTransfer> transfer) {
  asio::post(context_, [self = shared_from_this(), transfer = std::move(transfer)]() mutable {
    if (!self->closed_) self->start(std::move(transfer));
  });
}

void CurlDriver::post_remove(std::shared_ptr<CurlTransfer> transfer) {
  asio::post(context_, [self = shared_from_this(), transfer = std::move(transfer)] {
    if (self->closed_) return;
    self->remove(transfer->handle());
    self->run_timeouts();
  });
}

void CurlDriver::start(std::shared_ptr<CurlTransfer> transfer) {
  if (transfer->over()) return;  // cancelled before it began
  if (base::Status taken = calls_.take(); !taken) return transfer->end(std::move(taken));
  if (base::Status prepared = transfer->prepare(); !prepared) {
    calls_.give_back();
    return transfer->end(std::move(prepared));
  }
  CURL* handle = transfer->handle();
  CHECK(curl_multi_add_handle(multi_, handle) == CURLM_OK);
  deadlines_.arm(transfer->deadline());
  running_.emplace(handle, std::move(transfer));
  run_timeouts();
}

int CurlDriver::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  static_cast<CurlDriver*>(self)->watch(socket, what);
  return 0;
}

int CurlDriver::on_timer(CURLM*, long wait_ms, void* self) {
  auto& driver = *static_cast<CurlDriver*>(self);
  driver.due_now_ = wait_ms == 0;
  if (wait_ms <= 0) {
    driver.timeout_timer_.cancel();
    return 0;
  }
  driver.timeout_timer_.expires_after(std::chrono::milliseconds(wait_ms));
  driver.timeout_timer_.async_wait(
      [weak = driver.weak_from_this()](boost::system::error_code error) {
        const auto alive = weak.lock();
        if (error || !alive || alive->closed_) return;
        alive->due_now_ = true;
        alive->run_timeouts();
      });
  return 0;
}

void CurlDriver::watch(curl_socket_t socket, int what) {
  const auto found = watches_.find(socket);
  if (what == CURL_POLL_REMOVE) {
    if (found == watches_.end()) return;
    found->second->wanted = CURL_POLL_NONE;
    found->second->descriptor.release();  // the socket is libcurl's to close
    watches_.erase(found);
    return;
  }
  std::shared_ptr<Watch> watch;
  if (found != watches_.end()) {
    watch = found->second;
  } else {
    watch = std::make_shared<Watch>(context_);
    boost::system::error_code error;
    watch->descriptor.assign(socket, error);
    if (error) return;  // the transfer's deadline ends it
    watches_.emplace(socket, watch);
  }
  watch->wanted = what;
  await(socket, watch);
}

void CurlDriver::await(curl_socket_t socket, const std::shared_ptr<Watch>& watch) {
  using Descriptor = asio::posix::stream_descriptor;
  const auto wait = [&](Descriptor::wait_type type, int poll, int event, bool Watch::*awaits) {
    if ((watch->wanted & poll) == 0 || (*watch).*awaits) return;
    (*watch).*awaits = true;
    watch->descriptor.async_wait(type, [weak = weak_from_this(), socket, watch, event, awaits,
                                        poll](boost::system::error_code error) {
      (*watch).*awaits = false;
      const auto self = weak.lock();
      // A descriptor of the same number may be another socket by now: only the watch tells.
      if (error == asio::error::operation_aborted || !self || self->closed_ ||
          (watch->wanted & poll) == 0)
        return;
      self->ready(socket, error ? CURL_CSELECT_ERR : event);
      if (!self->closed_ && watch->wanted != CURL_POLL_NONE) self->await(socket, watch);
    });
  };
  wait(Descriptor::wait_read, CURL_POLL_IN, CURL_CSELECT_IN, &Watch::awaits_read);
  wait(Descriptor::wait_write, CURL_POLL_OUT, CURL_CSELECT_OUT, &Watch::awaits_write);
}

void CurlDriver::ready(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, events, &running);
  run_timeouts();
}

void CurlDriver::run_timeouts() {
  // A transfer passes through several states at once; one that keeps asking yields to others.
  constexpr int kRoundsMax = 8;
  int running = 0;
  for (int round = 0; round < kRoundsMax && std::exchange(due_now_, false); ++round)
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  take_outcomes();
  if (due_now_)
    asio::post(context_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && !self->closed_) self->run_timeouts();
    });
}

void CurlDriver::take_outcomes() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode outcome = message->data.result;
    const auto transfer = running_.at(message->easy_handle);
    remove(message->easy_handle);
    transfer->end(transfer->describe(outcome));
  }
}

void CurlDriver::remove(CURL* handle) {
  const auto found = running_.find(handle);
  if (found == running_.end()) return;
  curl_multi_remove_handle(multi_, handle);
  running_.erase(found);
  calls_.give_back();
}

DeadlineTimer::Time CurlDriver::end_late_ones(DeadlineTimer::Time now) {
  auto next = DeadlineTimer::Time::max();
  std::vector<std::shared_ptr<CurlTransfer>> late;
  for (const auto& [handle, transfer] : running_) {
    const auto deadline = transfer->deadline();
    if (deadline <= now)
      late.push_back(transfer);
    else
      next = std::min(next, deadline);
  }
  for (const auto& transfer : late) {
    remove(transfer->handle());
    transfer->end(transfer->late());
  }
  run_timeouts();
  return next;
}

}  // namespace nearside::http
