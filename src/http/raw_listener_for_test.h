// A TCP listener that keeps every byte it is sent, request or not, and answers 500.
#pragma once

#include <mutex>
#include <string>
#include <thread>

#include <sys/socket.h>

#include "base/unique_fd.h"
#include "http/loopback_socket_for_test.h"

namespace nearside::http {

class RawListener {
 public:
  RawListener() : thread_([this] { run(); }) {}
  ~RawListener() {
    socket_.shut_down();
    thread_.join();
  }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return socket_.port(); }
  /// Everything that was sent so far.
  [[nodiscard]] std::string bytes() {
    const std::scoped_lock lock(mutex_);
    return bytes_;
  }

 private:
  void run() {
    for (;;) {
      const base::UniqueFd peer = socket_.accept();
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

  const LoopbackSocket socket_;
  std::mutex mutex_;  // guards bytes_
  std::string bytes_;
  std::thread thread_;
};

}  // namespace nearside::http
