#include "upstream/backend.h"

#include <atomic>
#include <charconv>
#include <mutex>
#include <utility>

#include "upstream/begun.h"
#include "upstream/provider.h"
#include "upstream/reply_error.h"

namespace nearside::upstream {
namespace {

using base::Code;
using base::fail;

// Of the body of a reply that is an error; the rest of it would not be quoted anyway.
constexpr std::size_t kErrorBodyBytesMax = 64U << 10;

/// Whether a failure says something about the server. What is the request's fault does not, nor
/// what is ours.
bool is_servers_fault(Code code) {
  return code == Code::kUnavailable || code == Code::kDeadline || code == Code::kExhausted;
}

/// Retry-After in seconds; its other form, a date, needs both clocks to agree and is not used.
std::optional<std::chrono::milliseconds> retry_after(const http::Headers& headers) {
  const auto value = http::find_header(headers, "retry-after");
  if (!value) return std::nullopt;
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), seconds);
  if (error != std::errc() || end != value->data() + value->size() || seconds > 86'400)
    return std::nullopt;
  return std::chrono::seconds(seconds);
}

/// The server's record: shared with calls, which may end after others have started.
class Health {
 public:
  Health(std::string name, const base::Clock& clock, base::Logger& log,
         const BreakerOptions& options, std::size_t calls_max)
      : name_(std::move(name)),
        clock_(clock),
        log_(log),
        calls_max_(calls_max),
        breaker_(options) {}

  base::Status admit() {
    const std::scoped_lock lock(mutex_);
    if (calls_ >= calls_max_)
      return fail(Code::kExhausted, "{}: {} calls are under way, its configured bound", name_,
                  calls_);
    if (!breaker_.admit(clock_.steady()))
      return fail(Code::kUnavailable, "{}: {}", name_,
                  breaker_.closed_off(clock_.steady()).value_or("not asked now"));
    ++calls_;
    return {};
  }

  void succeeded() {
    const std::scoped_lock lock(mutex_);
    --calls_;
    breaker_.succeeded();
  }

  void failed(const base::Error& error, std::optional<std::chrono::milliseconds> asked_to_wait) {
    const std::scoped_lock lock(mutex_);
    --calls_;
    if (!is_servers_fault(error.code)) {
      breaker_.withdrawn();
      return;
    }
    const auto now = clock_.steady();
    const bool was_open = breaker_.closed_off(now).has_value();
    breaker_.failed(now, error.message, asked_to_wait);
    if (const auto why = breaker_.closed_off(now); why && !was_open)
      log_.warn("upstream", "{}: {}", name_, *why);
  }

  void withdrawn() {
    const std::scoped_lock lock(mutex_);
    --calls_;
    breaker_.withdrawn();
  }

  [[nodiscard]] std::optional<std::string> down_why() const {
    const std::scoped_lock lock(mutex_);
    return breaker_.closed_off(clock_.steady());
  }

 private:
  const std::string name_;
  const base::Clock& clock_;
  base::Logger& log_;
  const std::size_t calls_max_;
  mutable std::mutex mutex_;  // guards the two below
  std::size_t calls_ = 0;
  Breaker breaker_;
};

/// One call's reply on its way in. Owned by the functions of the http::ClientSink, so it lives as
/// long as they may run.
class Incoming {
 public:
  Incoming(const Provider& provider, chat::Request request, std::string name, chat::Sink sink,
           std::shared_ptr<Health> health)
      : provider_(provider),
        request_(std::move(request)),
        name_(std::move(name)),
        sink_(std::move(sink)),
        health_(std::move(health)) {}

  ~Incoming() {
    if (!ended_) health_->withdrawn();
  }

  void head(int status, const http::Headers& headers) {
    status_ = status;
    asked_to_wait_ = retry_after(headers);
    if (status == 200) reader_ = provider_.reader(request_, headers);
  }

  void body(std::string_view bytes) {
    if (ended_) return;
    if (!reader_) {
      error_body_.append(
          bytes.substr(0, kErrorBodyBytesMax - std::min(error_body_.size(), kErrorBodyBytesMax)));
      return;
    }
    const base::Status fed =
        reader_->feed(bytes, [this](chat::Event event) { emit(std::move(event)); });
    if (!fed) finish(chat::Failed{fed.error(), reader_->usage()});
  }

  void end(const base::Status& transport) {
    if (ended_) return;
    if (reader_) {
      finish(reader_->end(transport, [this](chat::Event event) { emit(std::move(event)); }));
    } else if (!transport) {
      ours_ = transport.error().code == Code::kExhausted;  // our client's own bound of calls
      finish(chat::Failed{transport.error(), {}});
    } else {
      finish(chat::Failed{reply_error(status_, error_body_), {}});
    }
  }

  /// The caller wants no more, possibly from within the sink.
  void cancel() { cancelled_ = true; }

 private:
  void emit(chat::Event event) {
    if (!cancelled_ && !ended_) sink_(std::move(event));
  }

  void finish(chat::Event event) {
    if (ended_) return;
    ended_ = true;
    if (auto* failed = std::get_if<chat::Failed>(&event)) {
      if (cancelled_ || ours_)
        health_->withdrawn();
      else
        health_->failed(failed->error, asked_to_wait_);
      failed->error = std::move(failed->error).with_context(name_);
    } else {
      health_->succeeded();
    }
    if (!cancelled_) sink_(std::move(event));
  }

  const Provider& provider_;
  const chat::Request request_;
  const std::string name_;
  const chat::Sink sink_;
  const std::shared_ptr<Health> health_;
  std::atomic<bool> cancelled_{false};
  // The rest belongs to the client's thread.
  bool ended_ = false;
  bool ours_ = false;
  int status_ = 0;
  std::optional<std::chrono::milliseconds> asked_to_wait_;
  std::unique_ptr<ReplyReader> reader_;
  std::string error_body_;
};

class UpstreamCall final : public chat::Call {
 public:
  UpstreamCall(std::shared_ptr<Incoming> incoming, std::unique_ptr<http::ClientCall> call)
      : incoming_(std::move(incoming)), call_(std::move(call)) {}
  ~UpstreamCall() override {
    incoming_->cancel();
    call_.reset();
  }

 private:
  std::shared_ptr<Incoming> incoming_;
  std::unique_ptr<http::ClientCall> call_;
};

/// A call that had ended before it began.
class NoCall final : public chat::Call {};

class HttpUpstream final : public Upstream {
 public:
  HttpUpstream(Endpoint endpoint, const Provider& provider, http::Client& client,
               const base::Clock& clock, std::shared_ptr<Health> health)
      : endpoint_(std::move(endpoint)),
        provider_(provider),
        client_(client),
        clock_(clock),
        health_(std::move(health)) {}

  std::unique_ptr<chat::Call> start(chat::Request request, chat::Sink sink) override {
    auto call = ask(request);
    if (!call) {
      sink(chat::Failed{std::move(call).error().with_context(endpoint_.name), {}});
      return std::make_unique<NoCall>();
    }
    if (base::Status admitted = health_->admit(); !admitted) {
      sink(chat::Failed{admitted.error(), {}});
      return std::make_unique<NoCall>();
    }
    auto incoming = std::make_shared<Incoming>(provider_, std::move(request), endpoint_.name,
                                               std::move(sink), health_);
    http::ClientSink replies{
        .on_head = [incoming](int status, const http::Headers& h) { incoming->head(status, h); },
        .on_body = [incoming](std::string_view bytes) { incoming->body(bytes); },
        .on_end = [incoming](base::Status status) { incoming->end(status); }};
    auto sent = client_.send(*std::move(call), std::move(replies));
    return std::make_unique<UpstreamCall>(std::move(incoming), std::move(sent));
  }

  [[nodiscard]] std::optional<std::string> down_why() const override { return health_->down_why(); }

 private:
  base::Result<http::ClientRequest> ask(chat::Request& request) const {
    if (!request.begun.empty()) TRY(write_begun(endpoint_, request));
    return provider_.ask(endpoint_, request, clock_.wall());
  }

  const Endpoint endpoint_;
  const Provider& provider_;
  http::Client& client_;
  const base::Clock& clock_;
  const std::shared_ptr<Health> health_;
};

}  // namespace

base::Result<std::unique_ptr<Upstream>> Upstream::create(Endpoint endpoint, http::Client& client,
                                                         const base::Clock& clock,
                                                         base::Logger& log,
                                                         const BreakerOptions& options) {
  const Provider* provider = TRY(find_provider(endpoint.provider));
  if (!endpoint.url.starts_with("http://") && !endpoint.url.starts_with("https://"))
    return fail(Code::kInvalidArgument, "{}: '{}' is no http or https URL", endpoint.name,
                endpoint.url);
  auto health = std::make_shared<Health>(endpoint.name, clock, log, options, endpoint.calls_max);
  return std::unique_ptr<Upstream>(std::make_unique<HttpUpstream>(
      std::move(endpoint), *provider, client, clock, std::move(health)));
}

}  // namespace nearside::upstream
