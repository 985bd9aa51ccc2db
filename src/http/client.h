// An HTTP client for calls to other servers: streaming, cancellable, bounded in time and size.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/loops.h"
#include "http/message.h"

namespace nearside::http {

struct ClientOptions {
  /// Corporate proxies are configured, not picked up: "" uses none, whatever the environment says.
  std::string proxy{};
  /// Take the proxy from the environment (https_proxy, no_proxy) when `proxy` is empty.
  bool proxy_from_environment = false;
  /// Calls under way at once; one more is refused (kExhausted). Each holds a connection.
  std::size_t calls_max = 1024;
  /// Idle connections kept for the next call, by each thread.
  std::size_t idle_connections_max = 64;
  /// Where its calls live, shared with servers and other clients; null: on one thread of its own.
  std::shared_ptr<Loops> loops{};
};

struct ClientTimeouts {
  std::chrono::milliseconds connect{5'000};      // TCP and TLS
  std::chrono::milliseconds first_byte{60'000};  // from the start to the first byte of the body
  std::chrono::milliseconds stall{30'000};       // between two pieces of the body
  std::chrono::milliseconds total{600'000};
};

/// Whom a client believes, and how it says who it is.
struct ClientTls {
  /// PEM file of authorities to trust besides the system's, for on-prem servers.
  std::string ca_file{};
  /// ... and no others: an authority of the system that was talked into a certificate for this name
  /// changes nothing.
  bool ca_only = false;
  std::string certificate_file{};  // PEM: this client's, for servers that ask for one
  std::string key_file{};          // PEM: its key
  /// "sha256//BASE64" of the server's public key (SubjectPublicKeyInfo): another key is refused,
  /// whoever certified it. Several, separated by ';', during a change.
  std::string pinned_key{};
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;  // http or https; redirects are not followed, since they could lead anywhere
  Headers headers{};
  std::string body{};
  ClientTimeouts timeouts{};
  ClientTls tls{};
  std::size_t response_bytes_max = 64U << 20;
};

/// Where a reply goes: on_head once, on_body any number of times, then on_end once; all on one
/// thread of the client's, one at a time, and never from within send(). None may block.
struct ClientSink {
  std::function<void(int status, const Headers& headers)> on_head{};
  std::function<void(std::string_view bytes)> on_body{};
  /// Success: the reply is complete, whatever its status. Errors: kInvalidArgument (URL),
  /// kUnavailable (no connection, TLS refused, reply cut short), kDeadline (a timeout, named),
  /// kTooLarge, kExhausted (calls_max).
  std::function<void(base::Status)> on_end{};
};

/// A call under way. Destroying it cancels: the sink is not called once the destructor has
/// returned. It may be destroyed from within the sink; elsewhere, the destructor waits for a sink
/// function that is running, so hold no lock that the sink takes.
class ClientCall {
 public:
  virtual ~ClientCall() = default;
};

/// Thread-safe. A call that is started on a thread of its loops stays on it.
class Client {
 public:
  static std::unique_ptr<Client> create(const ClientOptions& options = {});
  /// Ends every call without a word; what send() returned may outlive it. Destroy it outside of its
  /// threads.
  virtual ~Client() = default;
  [[nodiscard]] virtual std::unique_ptr<ClientCall> send(ClientRequest request,
                                                         ClientSink sink) = 0;
};

}  // namespace nearside::http
