// A TCP listener that keeps every byte it is sent, request or not, and answers 500.
#pragma once

#include <mutex>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/unique_fd.h"

namespace nearside::http {

class RawListener {
 public:
  RawListener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::listen(fd_.get(), 256) == 0);
    CHECK(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~RawListener() {
    ::shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Everything that was sent so far.
  [[nodiscard]] std::string bytes() {
    const std::scoped_lock lock(mutex_);
    return bytes_;
  }

 private:
  void run() {
    for (;;) {
      const base::UniqueFd peer(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (peer.get() < 0) return;
      // Whoever sends half a request does not hold the others up for long.
      const timeval patience{.tv_sec = 0, .tv_usec = 100'000};
      ::setsockopt(peer.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      serve(peer.get());
    }
  }
  void serve(int peer) {
    std::string got;
    char buffer[16'384];
    // A JSON object that has ended, or nothing more to come.
    while (got.find("\r\n\r\n") == std::string::npos || got.back() != '}') {
      const ssize_t count = ::recv(peer, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      got.append(buffer, static_cast<std::size_t>(count));
      const std::scoped_lock lock(mutex_);
      bytes_.append(buffer, static_cast<std::size_t>(count));
    }
    constexpr std::string_view kReply =
        "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    static_cast<void>(::send(peer, kReply.data(), kReply.size(), MSG_NOSIGNAL));
  }

  const base::UniqueFd fd_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;  // guards bytes_
  std::string bytes_;
  std::thread thread_;
};

}  // namespace nearside::http
