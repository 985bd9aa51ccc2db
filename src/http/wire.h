// A client's socket, with or without TLS over it. Only connection.cc and server.cc include this.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace nearside::http {

/// On one thread. One read and one write may be under way together.
class Wire {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Stream = boost::asio::ssl::stream<Socket&>;

  /// `tls` null: plain.
  Wire(Socket socket, std::shared_ptr<boost::asio::ssl::context> tls)
      : socket_(std::move(socket)), context_(std::move(tls)) {
    if (context_) stream_.emplace(socket_, *context_);
  }
  // The stream refers to the socket where it stands.
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  [[nodiscard]] bool encrypted() const { return stream_.has_value(); }
  Socket& socket() { return socket_; }
  /// REQUIRES: encrypted().
  Stream& stream() { return *stream_; }
  /// From here without TLS: to tell a client that it should have spoken it.
  void speak_plainly() { stream_.reset(); }

  template <typename Buffers, typename Token>
  auto read_some(const Buffers& buffers, Token&& token) {
    if (stream_) return stream_->async_read_some(buffers, std::forward<Token>(token));
    return socket_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token>
  auto write_some(const Buffers& buffers, Token&& token) {
    if (stream_) return stream_->async_write_some(buffers, std::forward<Token>(token));
    return socket_.async_write_some(buffers, std::forward<Token>(token));
  }
  void cancel() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }

  /// Of the client's certificate, which was verified: "CN=press-7,O=Plant"; "" without one.
  [[nodiscard]] std::string client_name() const;

 private:
  Socket socket_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::optional<Stream> stream_;
};

}  // namespace nearside::http
