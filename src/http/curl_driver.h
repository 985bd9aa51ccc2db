// libcurl's calls on one event loop. Only client.cc and curl_driver.cc include this.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include "http/call_bound.h"
#include "http/curl_transfer.h"
#include "http/deadline_timer.h"

namespace nearside::http {

/// Drives transfers with libcurl's event interface (curl_multi_socket_action): the loop watches the
/// sockets that libcurl names and tells it when they are ready. All of it on the loop's thread but
/// post_start() and post_remove(); each of libcurl's functions runs in a handler of its own, never
/// within a sink.
class CurlDriver : public std::enable_shared_from_this<CurlDriver> {
 public:
  /// `calls` bounds those of all drivers of a client together.
  CurlDriver(boost::asio::io_context& context, const ClientOptions& options, CallBound& calls);
  ~CurlDriver();
  CurlDriver(const CurlDriver&) = delete;
  CurlDriver& operator=(const CurlDriver&) = delete;

  void post_start(std::shared_ptr<CurlTransfer> transfer);
  void post_remove(std::shared_ptr<CurlTransfer> transfer);

  /// Drops every transfer without a word; what was posted comes to nothing.
  void close();

 private:
  /// A socket that libcurl wants to hear of. It lets go of an idle one, and of each before it
  /// closes it; keeping a watch longer would let the next socket of that number inherit it.
  struct Watch {
    explicit Watch(boost::asio::io_context& context) : descriptor(context) {}
    boost::asio::posix::stream_descriptor descriptor;
    int wanted = CURL_POLL_NONE;
    bool awaits_read = false;
    bool awaits_write = false;
  };

  static int on_socket(CURL* handle, curl_socket_t socket, int what, void* self, void* watch);
  static int on_timer(CURLM* multi, long wait_ms, void* self);

  void start(std::shared_ptr<CurlTransfer> transfer);
  void watch(curl_socket_t socket, int what);
  void await(curl_socket_t socket, const std::shared_ptr<Watch>& watch);
  void ready(curl_socket_t socket, int events);
  /// libcurl's own timeouts, those it has set to "now" among them.
  void run_timeouts();
  void take_outcomes();
  void remove(CURL* handle);
  DeadlineTimer::Time end_late_ones(DeadlineTimer::Time now);

  boost::asio::io_context& context_;
  CallBound& calls_;
  CURLM* multi_;
  bool closed_ = false;
  bool due_now_ = false;  // libcurl wants run_timeouts() as soon as it has returned
  boost::asio::steady_timer timeout_timer_;
  DeadlineTimer deadlines_;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  std::unordered_map<CURL*, std::shared_ptr<CurlTransfer>> running_;
};

}  // namespace nearside::http
