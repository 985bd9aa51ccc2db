// A plain blocking TCP client for tests: what it sends is exactly what the test says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/check.h"
#include "base/unique_fd.h"

namespace nearside::http {

class RawSocket {
 public:
  /// Connects to 127.0.0.1. A small `receive_bytes` makes a reader that is easily overrun.
  explicit RawSocket(std::uint16_t port, int receive_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    CHECK(fd_.valid());
    if (receive_bytes > 0)
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    // A test that would hang fails instead.
    const timeval patience{20, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }

  /// False when the peer has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// What one recv gives; empty at the end of the stream, after a reset or a timeout.
  std::string receive() {
    std::string bytes(65536, '\0');
    const ssize_t count = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    was_reset_ = count < 0 && errno == ECONNRESET;
    timed_out_ = count < 0 && !was_reset_;
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

  /// Reads until `mark` has been seen or the peer closes; what was read, and the rest is kept.
  std::string receive_until(std::string_view mark) {
    for (;;) {
      const std::size_t found = kept_.find(mark);
      if (found != std::string::npos) {
        std::string result = kept_.substr(0, found + mark.size());
        kept_.erase(0, found + mark.size());
        return result;
      }
      const std::string more = receive();
      if (more.empty()) return std::exchange(kept_, {});
      kept_ += more;
    }
  }

  std::string receive_all() {
    std::string all = std::exchange(kept_, {});
    for (std::string more = receive(); !more.empty(); more = receive()) all += more;
    return all;
  }

  void close() { fd_.reset(); }
  [[nodiscard]] bool was_reset() const { return was_reset_; }
  [[nodiscard]] bool timed_out() const { return timed_out_; }

 private:
  base::UniqueFd fd_;
  std::string kept_;
  bool was_reset_ = false;
  bool timed_out_ = false;
};

}  // namespace nearside::http
