// Commands to a Redis server, asked from any thread and answered on one.
//
// The counters that several nodes share live there; nothing else does. Values of the server's
// protocol (RESP2) come as RedisReply.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace nearside::store {

struct RedisOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::string password;  // empty: none is sent
  /// To connect, and for each reply: a store that is slower than this is of no help to a request.
  std::chrono::milliseconds timeout{250};
  /// After a failure nothing is tried for so long: commands fail at once.
  std::chrono::milliseconds pause{500};
  /// Commands that wait; one more fails with kExhausted.
  std::size_t queue_max = 16'384;
};

struct RedisReply {
  enum class Kind { kNil, kInteger, kText, kArray };
  Kind kind = Kind::kNil;
  std::int64_t integer = 0;
  std::string text;  // of a status too
  std::vector<RedisReply> items;
};

/// Thread-safe. One connection, made when it is first needed and again after it broke; commands
/// that wait are sent together.
class Redis {
 public:
  using Done = std::function<void(base::Result<RedisReply>)>;

  explicit Redis(RedisOptions options);
  /// Commands that were not answered fail with kCancelled.
  ~Redis();
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;

  /// `done` is called once, on the connection's thread (or at once, when the queue is full); it
  /// must not block. Whether a command that failed was carried out is not known. Errors:
  /// kUnavailable (no server, no reply in time, a broken connection), kUnauthenticated,
  /// kInvalidArgument (the server's own words), kExhausted, kCancelled.
  void command(std::vector<std::string> words, Done done);

 private:
  class Connection;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace nearside::store
