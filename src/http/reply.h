// What a Responder has said and the connection has not yet sent: the meeting point of a handler's
// thread and the connection's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http/server.h"

namespace nearside::http {

/// How the reply has to be framed for the request it answers.
struct ReplyFraming {
  bool head_only = false;  // HEAD: no body
  bool keep_alive = true;  // the client would like to go on
  bool http_1_0 = false;   // no chunks: a stream ends with the connection
  std::size_t buffer_bytes_max = 0;
};

/// Thread-safe. `wake` is called when there is something new to take, and not again before the next
/// take(). It is called under the lock, so that after client_gone() has returned it never is: what
/// it would wake may be gone then. It must not come back here.
class Reply {
 public:
  enum class End {
    kOpen,   // more will come
    kKeep,   // complete; the connection may serve the next request
    kClose,  // complete; close
    kCut,    // incomplete; close without an end mark
    kReset,  // incomplete, and only a reset can tell (HTTP/1.0 streams)
  };
  struct Taken {
    std::string bytes;
    End end = End::kOpen;  // what follows once `bytes` are sent
  };

  Reply(ReplyFraming framing, std::function<void()> wake);

  void send(Response response);
  void begin(int status, const Headers& headers);
  bool write(std::string_view bytes);
  void finish();
  void abort();
  void on_gone(std::function<void()> gone);
  /// The handler will say no more.
  void abandon();

  /// For the connection: what to send now.
  Taken take();
  /// For the connection: the client has left; writes are refused from now on.
  void client_gone();
  /// For the connection: the server is closing, do not offer to keep the connection.
  void close_after();

 private:
  void wake_unless_pending();
  std::string head(int status, const Headers& headers, std::string_view framing_header) const;

  const std::function<void()> wake_;
  std::mutex mutex_;  // guards all below
  ReplyFraming framing_;
  std::string pending_;
  bool begun_ = false;
  bool gone_ = false;
  bool overflowed_ = false;
  bool wake_pending_ = false;
  End end_ = End::kOpen;
  std::function<void()> gone_callback_;
};

/// The Responder of a Reply.
std::unique_ptr<Responder> make_responder(std::shared_ptr<Reply> reply);

}  // namespace nearside::http
