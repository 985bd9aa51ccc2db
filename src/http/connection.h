// One client connection: reads requests, hands them to the handler, writes replies. The only file
// besides server.cc and connection.cc that knows Asio.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/reply.h"
#include "http/server.h"
#include "http/wire.h"

namespace nearside::http {

/// Lives on one io_context that one thread runs, so its members need no lock; Reply is where other
/// threads come in. Kept alive by its own coroutine.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// `tls` null: plain.
  Connection(Wire::Socket socket, std::shared_ptr<boost::asio::ssl::context> tls,
             const ServerOptions& options, Handler& handler, const std::atomic<bool>& draining);
  /// A reply that is still under way hears that its client has gone.
  ~Connection();

  /// Serves until the connection ends. Never throws.
  boost::asio::awaitable<void> serve();

  /// Ends the connection if it is between requests; otherwise after the reply under way.
  void drain();
  /// Ends it now.
  void cut();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class Next { kRequest, kClose, kReset };

  /// The TLS handshake. False when there is nobody to serve; who spoke plain HTTP was told.
  boost::asio::awaitable<bool> shake_hands();
  /// One request and its reply.
  boost::asio::awaitable<Next> serve_one();
  /// More bytes into the buffer; false when the connection is over or timed out.
  boost::asio::awaitable<bool> read_more();
  /// 0, or the status that refuses the request.
  boost::asio::awaitable<int> read_head(Parser& parser);
  boost::asio::awaitable<int> read_body(Parser& parser);
  boost::asio::awaitable<Next> reply_to(Request request, ReplyFraming framing);
  boost::asio::awaitable<Next> refuse(int status, std::string_view sentence, std::string path = {});
  boost::asio::awaitable<bool> write_all(std::string bytes);
  /// After the last byte: waits for the client to have read it before closing.
  boost::asio::awaitable<void> linger();

  /// While a reply is under way, reads ahead: pipelined requests, and the news that the client has
  /// gone.
  void watch();
  boost::asio::awaitable<void> stop_watching();

  void wake();
  boost::asio::awaitable<void> wait_for_wake();

  void set_deadline(std::chrono::milliseconds from_now);
  void clear_deadline();
  void arm_timer();

  Wire wire_;
  const ServerOptions& options_;
  Handler& handler_;
  const std::atomic<bool>& draining_;
  std::string remote_address_;
  std::string client_name_;
  boost::beast::flat_buffer buffer_;
  std::weak_ptr<Reply> reply_;  // under way

  boost::asio::steady_timer wake_timer_;
  bool woken_ = false;
  bool idle_ = false;
  bool cut_ = false;
  bool timed_out_ = false;
  bool watching_ = false;
  bool watch_wanted_ = false;
  bool peer_left_ = false;

  // One timer for all deadlines of the connection. It is left running when a deadline moves
  // further out, which most do, and looks again when it fires.
  boost::asio::steady_timer deadline_timer_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::optional<std::chrono::steady_clock::time_point> timer_fires_;
};

}  // namespace nearside::http
