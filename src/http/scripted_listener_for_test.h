// A TCP server whose every byte a test writes, for what no well-behaved server does.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/unique_fd.h"
#include "http/loopback_socket_for_test.h"

namespace nearside::http {

/// The server's end of one connection, closed when its script returns.
class ScriptedPeer {
 public:
  ScriptedPeer(base::UniqueFd fd, int its_number) : number(its_number), fd_(std::move(fd)) {
    const int one = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    // A test that would hang fails instead.
    const timeval patience{20, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }

  /// One request up to the end of its head, and so much of its body; "" when the client has left.
  std::string request(std::size_t body_bytes = 0) {
    for (;;) {
      const std::size_t end = kept_.find("\r\n\r\n");
      if (end != std::string::npos && kept_.size() >= end + 4 + body_bytes) {
        std::string request = kept_.substr(0, end + 4 + body_bytes);
        kept_.erase(0, request.size());
        return request;
      }
      if (!receive()) return {};
    }
  }
  void send(std::string_view bytes) {
    static_cast<void>(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  void send_in_pieces(std::string_view bytes, std::size_t piece_bytes) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_bytes, bytes.size())))
      send(bytes.substr(0, piece_bytes));
  }
  void end_of_stream() { ::shutdown(fd_.get(), SHUT_WR); }
  /// Returns when the client has closed.
  void wait_for_close() {
    while (receive()) kept_.clear();
  }
  /// The client sees a reset, not an end.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    fd_.reset();
  }

  const int number;  // of the connection, from 0

 private:
  bool receive() {
    char buffer[16'384];
    const ssize_t count = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    kept_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }

  base::UniqueFd fd_;
  std::string kept_;
};

/// Each connection has a thread that runs the script.
class ScriptedListener {
 public:
  using Script = std::function<void(ScriptedPeer&)>;

  explicit ScriptedListener(Script script)
      : script_(std::move(script)), acceptor_([this] { run(); }) {}
  ~ScriptedListener() {
    socket_.shut_down();
    acceptor_.join();
  }
  ScriptedListener(const ScriptedListener&) = delete;
  ScriptedListener& operator=(const ScriptedListener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return socket_.port(); }
  [[nodiscard]] std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port()) + std::string(path);
  }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void run() {
    std::vector<std::jthread> threads;
    for (;;) {
      base::UniqueFd fd = socket_.accept();
      if (!fd.valid()) return;
      threads.emplace_back(
          [this, number = connections_++](base::UniqueFd accepted) {
            ScriptedPeer peer(std::move(accepted), number);
            script_(peer);
          },
          std::move(fd));
    }
  }

  const Script script_;
  const LoopbackSocket socket_;
  std::atomic<int> connections_{0};
  std::jthread acceptor_;
};

}  // namespace nearside::http
