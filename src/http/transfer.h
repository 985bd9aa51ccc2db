// One call to another server, whatever carries it: when its sink may be called, how long it may
// take, how large its reply may be. Only this room's clients include this.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string_view>

#include "http/client.h"

namespace nearside::http {

/// Heads of a reply, interim ones and trailers included, of more than this are an attack.
constexpr std::size_t kReplyHeadBytesMax = 256U << 10;

/// Made on the caller's thread, then used by one thread of the client's, except for cancel().
class Transfer {
 public:
  Transfer(ClientRequest request, ClientSink sink);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// No function of the sink is called after this returns. True when the transfer had not ended.
  bool cancel();
  /// Whether it has ended or was cancelled.
  [[nodiscard]] bool over();

  /// Bytes of heads as they come in. False when the reply has outgrown its bound.
  bool count_head(std::size_t bytes);
  /// Whether so many more would be within it.
  [[nodiscard]] bool has_room_for_head(std::size_t bytes) const {
    return head_bytes_ + bytes <= kReplyHeadBytesMax;
  }
  /// Whether a bound was passed: the sink has had what came before.
  [[nodiscard]] bool outgrown() const { return outgrown_; }

  // Each tells the sink, unless cancelled.

  /// The head of the reply, not of an interim one; a second (of trailers) is passed over.
  void take_head(int status, const Headers& headers);
  /// False when no more is wanted: cancelled or outgrown.
  bool take_body(std::string_view bytes);
  void end(base::Status status);

  /// When to give up unless something arrives, and the words for it.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const;
  [[nodiscard]] base::Status late() const;

  [[nodiscard]] const ClientRequest& request() const { return request_; }

  /// Whether anything in the request would end a line of it early. Errors: kInvalidArgument.
  [[nodiscard]] base::Status check_lines() const;
  /// Whether the method is one that brings its body along, however short.
  [[nodiscard]] bool sends_body() const;

  // The words for what went wrong.
  [[nodiscard]] base::Error not_connected(std::string_view detail) const;
  [[nodiscard]] base::Error not_connected_in_time() const;
  [[nodiscard]] base::Error broken(std::string_view detail) const;
  [[nodiscard]] base::Error too_large() const;

 private:
  const ClientRequest request_;
  const std::chrono::steady_clock::time_point started_;

  // Held while a sink function runs, so that cancel() can wait for it; recursive because the sink
  // may cancel its own call.
  std::recursive_mutex delivery_;  // guards sink_ and over_
  ClientSink sink_;
  bool over_ = false;

  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool head_taken_ = false;
  bool outgrown_ = false;
  std::chrono::steady_clock::time_point last_byte_{};
};

}  // namespace nearside::http
