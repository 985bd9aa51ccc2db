// A listening socket on loopback, at a port of its own.
#pragma once

#include <cstdint>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/unique_fd.h"

namespace nearside::http {

class LoopbackSocket {
 public:
  LoopbackSocket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(::listen(fd_.get(), 256) == 0);
    CHECK(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Invalid once the socket is shut down.
  [[nodiscard]] base::UniqueFd accept() const {
    return base::UniqueFd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  void shut_down() const { ::shutdown(fd_.get(), SHUT_RDWR); }

 private:
  base::UniqueFd fd_;
  std::uint16_t port_ = 0;
};

}  // namespace nearside::http
