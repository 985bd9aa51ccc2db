// An HTTP/1.1 server: what it serves is a Handler's, what the network does to it is its own matter.
//
// Every bound below holds for hostile peers: headers sent a byte at a time, bodies without end,
// readers that do not read. A bound that is hit ends in one clear status, or in a closed connection
// where no status can be sent.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "http/loops.h"
#include "http/message.h"
#include "http/tls.h"

namespace nearside::http {

/// The reply to one request. Either send() once, or begin(), write() any number of times, and
/// finish() or abort(). Destroyed before its end it answers 500, or cuts a stream that had begun:
/// no request hangs because a handler forgot it.
///
/// From any thread, one at a time; nothing here blocks.
class Responder {
 public:
  virtual ~Responder() = default;

  /// The whole reply.
  virtual void send(Response response) = 0;

  /// Starts a reply whose length is not known yet.
  virtual void begin(int status, Headers headers) = 0;
  /// Appends to the stream. False when the client has gone, or reads so slowly that
  /// `stream_buffer_bytes_max` is reached, in which case it is cut off: either way the work for it
  /// can stop.
  virtual bool write(std::string_view bytes) = 0;
  /// The stream is complete.
  virtual void finish() = 0;
  /// What was written is still sent, then the connection is closed without the end mark, so that
  /// the client can tell that the stream is incomplete.
  virtual void abort() = 0;

  /// `gone` is called once if the client leaves before the reply has ended, at once when it already
  /// has. On a thread of the server, possibly while this object is being destroyed: capture a
  /// weak_ptr to what it needs.
  virtual void on_gone(std::function<void()> gone) = 0;
};

class Handler {
 public:
  virtual ~Handler() = default;

  /// Called on a thread of the server, for several connections at once; must not block.
  virtual void handle(Request request, std::unique_ptr<Responder> responder) = 0;

  /// The body for a request that never became one (malformed, too large, too slow), so that these
  /// errors too have the shape that callers of this server expect. `path`: as asked for; "" when
  /// the head did not come so far.
  virtual Response refusal(int status, std::string_view sentence, std::string_view path);

  /// A client could not be talked to in TLS: it brought a wrong certificate or none, an old
  /// protocol, or plain HTTP. For counting; on a thread of the server; must not block.
  virtual void handshake_failed(std::string_view remote_address, std::string_view why);
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one, see Server::port
  /// Where its connections live, shared with other servers and clients; null: on `threads` of its
  /// own.
  std::shared_ptr<Loops> loops{};
  std::size_t threads = 2;
  std::shared_ptr<const Tls> tls{};  // null: plain HTTP

  /// Browsers and gateways send a few KiB; more is an attack or a mistake (431).
  std::size_t header_bytes_max = 32U << 10;
  /// A prompt of a million tokens is about 5 MB of JSON (413).
  std::size_t body_bytes_max = 16U << 20;
  /// A connection costs a descriptor and a few KiB; the usual limit of a process is 1,024
  /// descriptors, and upstreams and workers need some (503).
  std::size_t connections_max = 900;
  /// What may wait for a slow reader of a stream: about 10,000 tokens.
  std::size_t stream_buffer_bytes_max = 2U << 20;

  /// From the first byte of a request to the end of its headers (408); of a TLS handshake too.
  std::chrono::milliseconds header_timeout{10'000};
  /// From the end of the headers to the end of the body (408).
  std::chrono::milliseconds body_timeout{60'000};
  /// Between requests of one connection.
  std::chrono::milliseconds idle_timeout{75'000};
  /// Without a byte taken by the client while bytes wait for it.
  std::chrono::milliseconds write_stall_timeout{30'000};
};

class Server {
 public:
  /// Listens and serves until destroyed, which cuts what is under way: Responders that still exist
  /// then hear that their client has gone. `handler` and `log` must outlive the server. Destroy it
  /// outside of its threads.
  /// Errors: kInvalidArgument (not an address), kUnavailable (the address is taken or not ours).
  static base::Result<std::unique_ptr<Server>> start(const ServerOptions& options, Handler& handler,
                                                     base::Logger& log);
  virtual ~Server() = default;

  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// "127.0.0.1:8080".
  [[nodiscard]] virtual std::string address() const = 0;
  [[nodiscard]] virtual std::size_t connection_count() const = 0;

  /// Stops accepting, closes idle connections and waits for the rest to finish their reply. True
  /// when all did; after `patience` the rest are cut. Blocks; call from outside the server's
  /// threads.
  virtual bool drain(std::chrono::milliseconds patience) = 0;
};

}  // namespace nearside::http
