// Calls to plain http servers on one event loop, and the connections they leave to each other.
// Only client.cc, plain_call.cc and plain_driver.cc include this.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "http/call_bound.h"
#include "http/deadline_timer.h"
#include "http/names.h"
#include "http/plain_call.h"
#include "http/plain_connection.h"

namespace nearside::http {

/// All of it on the loop's thread but begin() and post_remove().
class PlainDriver : public std::enable_shared_from_this<PlainDriver>,
                    private PlainConnection::User {
 public:
  /// `calls` bounds those of all drivers of a client together.
  PlainDriver(boost::asio::io_context& context, const ClientOptions& options, CallBound& calls);
  ~PlainDriver();
  PlainDriver(const PlainDriver&) = delete;
  PlainDriver& operator=(const PlainDriver&) = delete;

  /// At once on the loop's thread; no function of the sink is called before it returns.
  void begin(std::shared_ptr<PlainCall> call);
  void post_remove(std::shared_ptr<PlainCall> call);

  /// Drops every call and connection without a word; what was posted comes to nothing.
  void close();

  // For its calls.

  boost::asio::io_context& context() { return context_; }
  Names& names() { return *names_; }
  void arm(DeadlineTimer::Time deadline) { deadlines_.arm(deadline); }
  /// The one to this origin that was used last; null when there is none.
  std::shared_ptr<PlainConnection> take_idle(std::string_view origin);
  void keep(std::shared_ptr<PlainConnection> connection);
  void ended(PlainCall& call);

 private:
  void start(std::shared_ptr<PlainCall> call);
  /// An idle connection: what comes is its end, or nothing that was asked for.
  void on_read(PlainConnection& connection, boost::system::error_code error) override;
  DeadlineTimer::Time end_late_ones(DeadlineTimer::Time now);

  boost::asio::io_context& context_;
  const std::size_t idle_max_;
  CallBound& calls_;
  bool closed_ = false;
  const std::shared_ptr<Names> names_;
  DeadlineTimer deadlines_;
  std::vector<std::shared_ptr<PlainCall>> running_;     // each knows its place
  std::vector<std::shared_ptr<PlainConnection>> idle_;  // last used last: few, and most are one's
};

}  // namespace nearside::http
