// A gateway behind a real server on loopback, with backends and a ledger that a test holds in its
// hands.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "gateway/comparisons.h"
#include "gateway/gateway.h"
#include "http/raw_socket_for_test.h"
#include "http/server.h"

namespace nearside::gateway {

/// Answers as a script says. The script may call the sink at once or keep it for another thread;
/// what it returns is called when the call is cancelled or over.
class ScriptedBackend final : public chat::Backend {
 public:
  using Script = std::function<std::function<void()>(chat::Request, chat::Sink)>;
  explicit ScriptedBackend(Script script) : script_(std::move(script)) {}

  std::unique_ptr<chat::Call> start(chat::Request request, chat::Sink sink) override {
    ++calls_;
    return std::make_unique<ScriptedCall>(script_(std::move(request), std::move(sink)));
  }
  [[nodiscard]] int calls() const { return calls_; }

 private:
  class ScriptedCall final : public chat::Call {
   public:
    explicit ScriptedCall(std::function<void()> over) : over_(std::move(over)) {}
    ~ScriptedCall() override {
      if (over_) over_();
    }

   private:
    std::function<void()> over_;
  };
  Script script_;
  std::atomic<int> calls_{0};
};

/// Says these pieces, then ends.
inline ScriptedBackend::Script says(std::vector<std::string> pieces, chat::Event end) {
  return [pieces, end](const chat::Request&, const chat::Sink& sink) -> std::function<void()> {
    for (const std::string& piece : pieces) sink(chat::TextDelta{piece});
    sink(end);
    return {};
  };
}
inline chat::Event finished(std::uint64_t prompt = 5, std::uint64_t completion = 2) {
  chat::Finished end;
  end.usage.prompt_tokens = prompt;
  end.usage.completion_tokens = completion;
  return end;
}
inline chat::Event failed(base::Code code, std::string message = "broken") {
  return chat::Failed{{code, std::move(message)}, {}};
}

/// Keeps records in memory. Answers at once, or when released, or with an error.
class FakeLedger final : public telemetry::Ledger {
 public:
  base::Status begin(const telemetry::Record& record) override {
    const std::scoped_lock lock(mutex_);
    if (full) return base::fail(base::Code::kExhausted, "full");
    begun.push_back(record);
    return {};
  }
  base::Status finish(const telemetry::Record& record, telemetry::OnDurable on_durable) override {
    {
      const std::scoped_lock lock(mutex_);
      finished.push_back(record);
      changed_.notify_all();
      if (hold) {
        held_.push_back(std::move(on_durable));
        return {};
      }
    }
    on_durable(outcome);
    return {};
  }
  base::Result<std::optional<base::json::object>> find(const std::string&) override {
    return std::optional<base::json::object>();
  }
  [[nodiscard]] bool healthy() const override { return !full; }
  [[nodiscard]] std::uint64_t lost_count() const override { return 0; }
  [[nodiscard]] std::uint64_t interrupted_count() const override { return 0; }

  /// Waits for that many records; the last.
  telemetry::Record wait(std::size_t count = 1) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return finished.size() >= count; });
    return finished.back();
  }
  void release() {
    std::vector<telemetry::OnDurable> held;
    {
      const std::scoped_lock lock(mutex_);
      held.swap(held_);
    }
    for (const auto& on_durable : held) on_durable(outcome);
  }

  std::atomic<bool> hold = false;
  std::atomic<bool> full = false;
  base::Status outcome;  // set before any request
  std::vector<telemetry::Record> begun;
  std::vector<telemetry::Record> finished;

 private:
  std::mutex mutex_;  // guards begun, finished, held_
  std::condition_variable changed_;
  std::vector<telemetry::OnDurable> held_;
};

struct Reply {
  int status = 0;
  http::Headers headers;
  std::string body;       // without chunk framing
  bool complete = false;  // it ended as its framing says it must
  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string(http::find_header(headers, name).value_or(""));
  }
  [[nodiscard]] base::json::object json() const {
    return base::parse_json(body).value().as_object();
  }
  [[nodiscard]] std::string error_code() const {
    return std::string(json().at("error").at("code").as_string());
  }
};

/// What one whole exchange gave. `raw` is everything the server sent.
inline Reply read_reply(const std::string& raw) {
  Reply reply;
  const std::size_t end = raw.find("\r\n\r\n");
  if (end == std::string::npos) return reply;
  reply.status = std::stoi(raw.substr(9, 3));
  std::size_t at = raw.find("\r\n") + 2;
  while (at < end) {
    const std::size_t line_end = raw.find("\r\n", at);
    const std::size_t colon = raw.find(": ", at);
    reply.headers.push_back(
        {raw.substr(at, colon - at), raw.substr(colon + 2, line_end - colon - 2)});
    at = line_end + 2;
  }
  std::string_view rest = std::string_view(raw).substr(end + 4);
  if (reply.header("transfer-encoding") != "chunked") {
    reply.body = rest;
    reply.complete = std::to_string(rest.size()) == reply.header("content-length");
    return reply;
  }
  while (!rest.empty()) {
    const std::size_t line = rest.find("\r\n");
    if (line == std::string_view::npos) break;
    const std::size_t size = std::stoul(std::string(rest.substr(0, line)), nullptr, 16);
    if (size == 0) {
      reply.complete = true;
      break;
    }
    reply.body += rest.substr(line + 2, size);
    rest.remove_prefix(std::min(rest.size(), line + 2 + size + 2));
  }
  return reply;
}

inline constexpr std::string_view kHello =
    R"({"model":"auto","messages":[{"role":"user","content":"hello"}]})";
inline constexpr std::string_view kHelloStream =
    R"({"model":"auto","messages":[{"role":"user","content":"hello"}],"stream":true})";

/// Targets are added in the order of their preference, then start() serves them.
class NodeForTest {
 public:
  ~NodeForTest() { server_.reset(); }

  ScriptedBackend& add(const std::string& name, policy::Place place, ScriptedBackend::Script script,
                       bool local = false) {
    auto backend = std::make_shared<ScriptedBackend>(std::move(script));
    ScriptedBackend& reference = *backend;
    add_backend(name, place, std::move(backend), local);
    return reference;
  }
  void add_backend(const std::string& name, policy::Place place,
                   std::shared_ptr<chat::Backend> backend, bool local = false) {
    policy::Target target;
    target.name = name;
    target.place = place;
    target.model = name;
    // Each dearer than the one before, so that the order is the order of adding.
    const auto rank = static_cast<double>(config.policy.targets.size() + 1);
    target.cost = policy::Price{rank, rank, {}};
    target.quality.prior = 0.9;
    target.local = local;
    config.policy.targets.push_back(target);
    reach_.push_back({std::move(backend), [] { return std::optional<std::string>(); }});
  }

  /// Before start(); with `quality` if it is there.
  void open_feedback(const FeedbackConfig& config_of_it) {
    feedback = std::move(Feedback::open(config_of_it, std::chrono::hours(1), ledger, quality.get(),
                                        clock_, log_))
                   .value();
  }

  /// Before start(), after open_feedback().
  void open_comparisons(const ComparisonRules& rules) {
    config.comparisons = rules;
    comparisons = std::make_unique<Comparisons>(
        Comparisons::Parts{clock_, log_, ledger, metrics, ids_, *quotas, feedback.get()}, 1);
  }

  void start(const http::ServerOptions& options = {}) {
    policy::Route route;
    route.name = "all";
    route.objective = config.policy.objective;
    for (std::size_t i = 0; i < config.policy.targets.size(); ++i) route.targets.push_back(i);
    config.policy.routes = {route};
    for (std::size_t i = 0; i < reach_.size(); ++i) config.reach.emplace_back(UpstreamConfig{});
    auto labeler =
        std::move(policy::Labeler::create(config.labels, {{1, 2}, config.memory.texts_bytes_max}))
            .value();
    auto snapshot = std::make_shared<Snapshot>(config, std::move(labeler), reach_,
                                               Templates::open(config.templates).value());
    snapshot->shadow = shadow;
    gateway_ = std::make_unique<Gateway>(
        Services{clock_, log_, ledger, metrics, ids_, alarms_, gate_, *quotas, retries,
                 logprob_budgets, nullptr, &cache, quality.get(), feedback.get(), &taints, &tools,
                 audit, ask_for_reload, comparisons.get()},
        std::move(snapshot));
    server_ = std::move(http::Server::start(options, *gateway_, log_)).value();
  }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  Gateway& gateway() { return *gateway_; }
  [[nodiscard]] const std::vector<Reach>& reach() const { return reach_; }
  /// Cuts what is under way.
  void stop() { server_.reset(); }

  static std::string request_text(std::string_view method, std::string_view path,
                                  std::string_view body, const http::Headers& headers = {}) {
    std::string text(method);
    text.append(" ").append(path).append(" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    for (const http::Header& header : headers)
      text.append(header.name).append(": ").append(header.value).append("\r\n");
    text.append("content-length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    return text.append(body);
  }

  Reply request(std::string_view method, std::string_view path, std::string_view body = {},
                const http::Headers& headers = {}) {
    http::RawSocket socket(port());
    socket.send(request_text(method, path, body, headers));
    return read_reply(socket.receive_all());
  }
  Reply chat(std::string_view body, const http::Headers& headers = {}) {
    return request("POST", "/v1/chat/completions", body, headers);
  }

  Config config;
  FakeLedger ledger;
  std::unique_ptr<QuotaStore> quotas = std::make_unique<LocalQuotaStore>();
  RetryBudget retries;
  LogprobBudgets logprob_budgets;
  ResponseCache cache;
  policy::TaintMemory taints{{3, 4}, {}};
  ToolSessions tools;
  std::shared_ptr<const ShadowPolicy> shadow;  // set before start()
  telemetry::Metrics metrics;
  telemetry::Audit* audit = nullptr;
  std::function<void()> ask_for_reload;

 private:
  base::SystemClock clock_;
  base::Logger log_{base::Level::kOff};

 public:
  std::unique_ptr<LearnedQuality> quality;
  std::unique_ptr<Feedback> feedback;

 private:
  telemetry::DecisionIds ids_{clock_, 1};

 public:
  std::unique_ptr<Comparisons> comparisons;

 private:
  Alarms alarms_;
  ConcurrencyGate gate_;
  std::vector<Reach> reach_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace nearside::gateway
