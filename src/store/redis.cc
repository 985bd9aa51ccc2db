#include "store/redis.h"

#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include <hiredis/hiredis.h>

namespace nearside::store {
namespace {

using base::Code;
using base::fail;
using std::chrono::steady_clock;

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

timeval to_timeval(std::chrono::milliseconds duration) {
  return {.tv_sec = duration.count() / 1000,
          .tv_usec = static_cast<suseconds_t>(duration.count() % 1000 * 1000)};
}

base::Result<RedisReply> read(const redisReply& reply) {
  RedisReply out;
  switch (reply.type) {
    case REDIS_REPLY_ERROR: {
      const std::string_view words(reply.str, reply.len);
      return fail(words.starts_with("NOAUTH") || words.starts_with("WRONGPASS")
                      ? Code::kUnauthenticated
                      : Code::kInvalidArgument,
                  "Redis says: {}", words);
    }
    case REDIS_REPLY_INTEGER:
      out.kind = RedisReply::Kind::kInteger;
      out.integer = reply.integer;
      return out;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      out.kind = RedisReply::Kind::kText;
      out.text.assign(reply.str, reply.len);
      return out;
    case REDIS_REPLY_ARRAY:
      out.kind = RedisReply::Kind::kArray;
      for (std::size_t i = 0; i < reply.elements; ++i)
        out.items.push_back(TRY(read(*reply.element[i])));
      return out;
    default:
      return out;
  }
}

}  // namespace

class Redis::Connection {
 public:
  explicit Connection(RedisOptions options)
      : options_(std::move(options)), thread_([this] { run(); }) {}

  ~Connection() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
    for (Command& command : waiting_) command.done(fail(Code::kCancelled, "this node is stopping"));
  }

  void add(std::vector<std::string> words, Done done) {
    {
      const std::scoped_lock lock(mutex_);
      if (waiting_.size() < options_.queue_max) {
        waiting_.push_back({std::move(words), std::move(done)});
        changed_.notify_one();
        return;
      }
    }
    done(fail(Code::kExhausted, "{} commands wait for Redis", options_.queue_max));
  }

 private:
  struct Command {
    std::vector<std::string> words;
    Done done;
  };

  void run() {
    for (;;) {
      std::vector<Command> batch;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        batch.swap(waiting_);
      }
      serve(batch);
    }
  }

  void serve(std::vector<Command>& batch) {
    base::Status ready = connect();
    if (ready)
      for (const Command& command : batch) append(command.words);
    for (Command& command : batch) {
      if (!ready) {
        command.done(ready.error());
        continue;
      }
      auto reply = next_reply();
      // Whatever follows a reply that did not come is lost with the connection.
      if (!context_) ready = reply.error();
      command.done(std::move(reply));
    }
  }

  void append(const std::vector<std::string>& words) {
    std::vector<const char*> starts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
      starts.push_back(word.data());
      sizes.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), starts.data(),
                           sizes.data());
  }

  base::Result<RedisReply> next_reply() {
    void* raw = nullptr;
    if (redisGetReply(context_.get(), &raw) != REDIS_OK || raw == nullptr) return broken();
    const std::unique_ptr<void, FreeReply> owner(raw);
    return read(*static_cast<redisReply*>(raw));
  }

  base::Status connect() {
    if (context_) return {};
    if (steady_clock::now() < try_again_)
      return fail(Code::kUnavailable, "Redis at {}:{} is not tried again yet", options_.host,
                  options_.port);
    const timeval timeout = to_timeval(options_.timeout);
    context_.reset(redisConnectWithTimeout(options_.host.c_str(), options_.port, timeout));
    if (!context_ || context_->err != 0 || redisSetTimeout(context_.get(), timeout) != REDIS_OK)
      return broken();
    if (options_.password.empty()) return {};
    append({"AUTH", options_.password});
    const auto reply = next_reply();
    if (reply) return {};
    context_.reset();
    try_again_ = steady_clock::now() + options_.pause;
    return reply.error();
  }

  base::Error broken() {
    const std::string why = context_ && context_->err != 0 ? context_->errstr : "no reply in time";
    context_.reset();
    try_again_ = steady_clock::now() + options_.pause;
    return fail(Code::kUnavailable, "Redis at {}:{} does not answer: {}", options_.host,
                options_.port, why);
  }

  const RedisOptions options_;
  std::mutex mutex_;  // guards the two below
  std::vector<Command> waiting_;
  bool stopping_ = false;
  std::condition_variable changed_;
  // The rest belongs to the thread.
  std::unique_ptr<redisContext, FreeContext> context_;
  steady_clock::time_point try_again_{};
  std::thread thread_;
};

Redis::Redis(RedisOptions options)
    : connection_(std::make_unique<Connection>(std::move(options))) {}

Redis::~Redis() = default;

void Redis::command(std::vector<std::string> words, Done done) {
  connection_->add(std::move(words), std::move(done));
}

}  // namespace nearside::store
