// One call to a plain http server. Only client.cc and plain_driver.cc make one.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/plain_connection.h"
#include "http/plain_url.h"
#include "http/reply_reader.h"
#include "http/transfer.h"

namespace nearside::http {

class PlainDriver;

/// Made on the caller's thread, then driven by one thread of the client's, except for cancel().
class PlainCall final : public Transfer,
                        public std::enable_shared_from_this<PlainCall>,
                        private PlainConnection::User {
 public:
  using Time = std::chrono::steady_clock::time_point;

  PlainCall(ClientRequest request, ClientSink sink, PlainUrl url);

  /// Errors: kInvalidArgument (a header).
  base::Status prepare();
  /// Calls no function of the sink. REQUIRES: prepared; `driver` counts it among its running calls
  /// and stops it before it goes.
  void start(PlainDriver& driver);
  /// Closes its connection; the sink hears nothing.
  void stop();

  /// When give_up() is wanted unless something happens before.
  [[nodiscard]] Time due() const;
  /// Goes on to the server's next address, or ends late.
  void give_up(Time now);

  /// Where the driver has it.
  std::size_t place = 0;

 private:
  void find_server();
  void connect();
  void exchange(std::shared_ptr<PlainConnection> connection);
  void write();
  void on_read(PlainConnection& connection, boost::system::error_code error) override;
  void finish(base::Status status, bool keep_connection = false);

  const PlainUrl url_;
  const std::string origin_;
  std::string head_;
  PlainDriver* driver_ = nullptr;  // null before the start and after the end

  std::vector<PlainConnection::Endpoint> endpoints_;
  std::size_t endpoint_next_ = 0;
  std::string not_connected_why_;
  bool connecting_ = false;
  Time connected_by_{};
  Time attempt_until_{};

  std::shared_ptr<PlainConnection> connection_;
  bool reused_ = false;   // the connection has served a call before
  bool written_ = false;  // all of the request
  bool heard_ = false;    // any byte of the reply
  std::optional<ReplyReader> reader_;
};

}  // namespace nearside::http
