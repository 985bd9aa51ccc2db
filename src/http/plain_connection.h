// A connection to a server without TLS, which may serve call after call. Only plain_call.cc and
// plain_driver.cc include this.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

namespace nearside::http {

/// On the loop's thread. From connect() on a read is always pending, so that what the server does
/// is heard of whether a call is under way or not; what that costs is one recv that finds nothing
/// after each that found something. Writes do not block.
class PlainConnection : public std::enable_shared_from_this<PlainConnection> {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;
  /// Whoever hears of what comes; it takes itself off (or closes) before it goes.
  class User {
   public:
    /// More is in connection.buffer(); or, with an error, nothing more will come.
    virtual void on_read(PlainConnection& connection, boost::system::error_code error) = 0;

   protected:
    ~User() = default;
  };

  /// `origin`: "host:port" it leads to.
  PlainConnection(boost::asio::io_context& context, std::string origin)
      : origin_(std::move(origin)), socket_(context) {}

  /// `done` is not called after close().
  void connect(const Endpoint& endpoint, std::function<void(boost::system::error_code)> done);
  void use(User& user) { user_ = &user; }
  /// Nobody hears of it any more.
  void close();

  [[nodiscard]] const std::string& origin() const { return origin_; }
  boost::asio::ip::tcp::socket& socket() { return socket_; }
  boost::beast::flat_buffer& buffer() { return buffer_; }

  /// When its last call ended.
  std::chrono::steady_clock::time_point idle_since{};

 private:
  void read();

  const std::string origin_;
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  User* user_ = nullptr;
  bool closed_ = false;
};

}  // namespace nearside::http
