#include "gateway/gateway.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "gateway/admission.h"
#include "gateway/decision_headers.h"
#include "gateway/endpoints.h"
#include "gateway/exchange.h"
#include "gateway/replay.h"

namespace nearside::gateway {
namespace {

using base::Code;

constexpr std::string_view kModels = "/v1/models";
constexpr std::string_view kFeedback = "/v1/feedback";
constexpr std::string_view kExplain = "/v1/route/explain";
constexpr std::string_view kCountTokens = "/v1/messages/count_tokens";
constexpr std::string_view kTags = "/api/tags";
constexpr std::string_view kShow = "/api/show";
constexpr std::string_view kVersion = "/api/version";
constexpr std::string_view kReload = "/admin/reload";
constexpr std::string_view kAuditHead = "/admin/audit/head";

bool is_status_path(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

bool is_models_path(std::string_view path) {
  return path == kModels || (path.starts_with(kModels) && path[kModels.size()] == '/');
}

bool is_ollama_path(std::string_view path) { return path == kTags || path == kVersion; }

Scope scope_of(std::string_view path) {
  if (path == "/metrics") return Scope::kMetrics;
  return path == kReload || path == kAuditHead ? Scope::kAdmin : Scope::kInfer;
}

struct Found {
  const Dialect* dialect = nullptr;
  const Operation* operation = nullptr;
};

std::optional<Found> find_operation(std::string_view path) {
  for (const Dialect* dialect : dialects())
    for (const Operation& operation : dialect->operations())
      if (operation.path == path) return Found{dialect, &operation};
  return std::nullopt;
}

/// Whose shape an error about this path has: the last dialect to claim it, since the first owns
/// all.
const Dialect& owner_of(std::string_view path) {
  const Dialect* owner = dialects().front();
  for (const Dialect* dialect : dialects())
    if (dialect->owns(path)) owner = dialect;
  return *owner;
}

http::Response not_allowed(std::string_view path, std::string_view allowed) {
  const ApiError error{405, "invalid_request_error", "method_not_allowed",
                       fmt::format("this path answers {} only", allowed), ""};
  return error_response(owner_of(path), error, {{"allow", std::string(allowed)}});
}

http::Response not_found(std::string_view path) {
  return error_response(owner_of(path), {404, "invalid_request_error", "unknown_path",
                                         "nothing is served at this path", ""});
}

telemetry::Record open_record(const Admission& admission, std::string decision_id,
                              const Dialect& dialect, const Operation& operation) {
  const policy::Decision& decision = admission.decision;
  telemetry::Record record;
  record.decision_id = std::move(decision_id);
  record.time = decision.time;
  record.tenant = admission.caller.tenant;
  record.key_name = admission.caller.key_name;
  record.dialect = dialect.name();
  record.operation = operation.name;
  record.model_asked = admission.asked.model;
  record.sensitivity = policy::sensitivity_name(decision.ask.label.sensitivity);
  record.categories = decision.ask.label.categories;
  record.stream = admission.asked.stream;
  record.decision_json = policy::to_json(decision);
  return record;
}

/// Reads the answer to come; null where there is no text to read.
std::unique_ptr<AnswerWatch> watch_for(const Snapshot& snapshot, const Admission& admission) {
  if (admission.asked.request.kind == chat::Request::Kind::kEmbedding) return nullptr;
  return std::make_unique<AnswerWatch>(snapshot.labeler, admission.trail,
                                       policy::taint_of(admission.decision.ask.label));
}

bool may_resume(const Config& config, const Admission& admission) {
  return may_resume(config.policy.objective_for(admission.asked.model), admission.wishes.resume,
                    admission.asked, admission.decision, admission.template_use.has_value());
}

/// The most that a request may use: what is reserved for it.
QuotaAsk quota_ask(const Config& config, const Admission& admission) {
  const policy::Decision& decision = admission.decision;
  const chat::Request& request = admission.asked.request;
  std::uint64_t answer = 0;
  if (request.kind != chat::Request::Kind::kEmbedding)
    answer = request.completion_tokens_max.value_or(kAnswerTokensReserved) *
             std::uint64_t{request.choices};
  QuotaAsk ask{.key_name = admission.caller.key_name,
               .tenant = admission.caller.tenant,
               .route = decision.route,
               .tokens_most = decision.ask.prompt_tokens + answer,
               .cost_most_usd = 0};
  double first_usd = 0;
  for (std::size_t place = 0; place < decision.ranked.size(); ++place) {
    const policy::Considered& target = decision.considered[decision.ranked[place]];
    policy::Consumption most;
    most.input_tokens = decision.ask.prompt_tokens;
    most.output_tokens = answer;
    most.busy_seconds = target.quote.total_p95_ms.value_or(0) / 1000;
    const double usd =
        policy::cost_usd(config.policy.targets[target.target_index], most).value_or(0);
    if (place == 0) first_usd = usd;
    ask.cost_most_usd = std::max(ask.cost_most_usd, usd);
  }
  if (decision.cascade || may_resume(config, admission)) {  // both answers are paid
    ask.tokens_most *= 2;
    ask.cost_most_usd += first_usd;
  }
  return ask;
}

/// Set for a request whose answer is to be compared with another target's.
std::optional<Sample> sample_of(const Services& services,
                                const std::shared_ptr<const Snapshot>& snapshot,
                                const Admission& admission, const telemetry::Record& record) {
  if (services.comparisons == nullptr ||
      !services.comparisons->draws(snapshot->config.comparisons, admission.decision,
                                   admission.asked.request, admission.template_use.has_value()))
    return std::nullopt;
  return Sample{.snapshot = snapshot,
                .decision_id = record.decision_id,
                .tenant = record.tenant,
                .key_name = record.key_name,
                .decision = admission.decision,
                .request = admission.asked.request,
                .prompt = admission.judged_prompt,
                .target_index = 0,
                .answer = {}};
}

/// Counts what the policy on trial would have done; says so where it differs.
void note_shadow(const Services& services, const Admission& admission, const std::string& id) {
  if (admission.shadow_choice.empty()) return;
  const policy::Decision& made = admission.decision;
  const std::string& live = made.refused() ? std::string("refused") : made.chosen().target;
  services.metrics.shadow_decided(live, admission.shadow_choice);
  if (live != admission.shadow_choice)
    services.log.info("gateway", "{}: {}; the policy on trial would choose {}", id, live,
                      admission.shadow_choice);
}

ApiError quota_refusal(const Charge& charge, base::WallTime now) {
  const bool money = charge.kind == Charge::Kind::kMoney;
  const std::int64_t wait = until_window_ends(charge, now).count();
  return {429,
          money ? "insufficient_quota" : "rate_limit_error",
          money ? "budget_exceeded" : "rate_limit_exceeded",
          fmt::format("the limit '{}' is reached; its window ends in {} s", charge.counter, wait),
          "",
          wait};
}

}  // namespace

/// A request between its decision and its exchange.
struct Gateway::Pending {
  std::shared_ptr<const Snapshot> snapshot;
  const Dialect* dialect;
  const Operation* operation;
  Admission admission;
  telemetry::Record record;
  base::SteadyTime arrived;
  std::optional<std::uint32_t> logprobs_asked;
  ConcurrencyGate::Pass pass;
  std::unique_ptr<http::Responder> responder;
  QuotaHold hold;
};

Gateway::~Gateway() {
  for (int open = reserving_; open != 0; open = reserving_) reserving_.wait(open);
}

Gateway::Gateway(Services services, std::shared_ptr<const Snapshot> snapshot)
    : services_(services), snapshot_(std::move(snapshot)) {}

std::shared_ptr<const Snapshot> Gateway::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return snapshot_;
}

void Gateway::replace(std::shared_ptr<const Snapshot> snapshot) {
  // The old one is released outside the lock: it may be the last to hold its backends.
  const std::scoped_lock lock(mutex_);
  std::swap(snapshot_, snapshot);
}

http::Response Gateway::refusal(int status, std::string_view sentence, std::string_view path) {
  const ApiError error = transport_refusal(status, sentence);
  services_.metrics.request_rejected(error.code);
  return error_response(owner_of(path), error);
}

void Gateway::handshake_failed(std::string_view remote_address, std::string_view why) {
  services_.metrics.request_rejected("tls_handshake");
  services_.log.debug("gateway", "no TLS with {}: {}", remote_address, why);
  services_.note("handshake_failed", {{"remote", remote_address}, {"why", why}});
}

void Gateway::handle(http::Request request, std::unique_ptr<http::Responder> responder) {
  const std::string& path = request.path;
  if (const auto found = find_operation(path)) {
    if (request.method != "POST") return responder->send(not_allowed(path, "POST"));
    return handle_ask(*found->dialect, *found->operation, std::move(request), std::move(responder));
  }
  if (path == kFeedback && request.method == "POST")
    return feedback(*snapshot(), services_, request, std::move(responder));
  responder->send(answer_at_once(request));
}

http::Response Gateway::answer_at_once(const http::Request& request) {
  const std::string& path = request.path;
  const auto current = snapshot();
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (path == kFeedback) return not_allowed(path, "POST");
  if (path == kExplain || path == kCountTokens || path == kShow || path == kReload) {
    if (request.method != "POST") return not_allowed(path, "POST");
    if (path == kExplain) return explain(*current, services_, request);
    if (path == kCountTokens) return count_tokens(*current, services_, request);
  } else if (!is_status_path(path) && !is_models_path(path) && !is_ollama_path(path) &&
             path != kAuditHead) {
    return not_found(path);
  } else if (!reads) {
    return not_allowed(path, "GET");
  }
  if (path == "/healthz") return health();
  if (path == "/readyz") return readiness(*current, services_, draining_);
  if (path == kVersion) return ollama_version();
  if (const auto caller = current->auth.identify(request, scope_of(path)); !caller) {
    const ApiError error = refused_caller(services_, request, caller.error());
    services_.metrics.request_rejected(error.code);
    return error_response(owner_of(path), error);
  }
  if (path == "/metrics") return metrics(*current, services_);
  if (path == kAuditHead) return audit_head(services_);
  if (path == kReload) return ask_for_reload(services_);
  if (path == kTags) return ollama_tags(*current);
  if (path == kShow) return ollama_show(*current, request.body);
  return path == kModels ? list_models(*current)
                         : find_model(*current, std::string_view(path).substr(kModels.size() + 1));
}

void Gateway::handle_ask(const Dialect& dialect, const Operation& operation, http::Request request,
                         std::unique_ptr<http::Responder> responder) {
  const base::SteadyTime arrived = services_.clock.steady();
  const auto current = snapshot();
  const auto reject = [&](const ApiError& error) {
    services_.metrics.request_rejected(error.code);
    responder->send(error_response(dialect, error));
  };
  auto pass = services_.gate.enter(current->config.limits.concurrent_requests_max);
  if (!pass)
    return reject({503, "server_error", "overloaded",
                   fmt::format("{} requests are under way, the bound of this node; try again",
                               current->config.limits.concurrent_requests_max),
                   ""});
  auto admitted = admit(*current, services_, dialect, operation, request);
  if (const auto* error = std::get_if<ApiError>(&admitted)) return reject(*error);
  auto& admission = std::get<Admission>(admitted);
  admission.trail.remember_asked(policy::taint_of(admission.decision.ask.label), arrived);
  const std::optional<std::uint32_t> logprobs_asked = admission.asked.request.logprobs;
  if (const auto may = admit_logprobs(current->config.logprobs, admission.caller.key_name,
                                      services_.logprob_budgets, services_.metrics, arrived,
                                      admission.asked.request);
      !may) {
    services_.note("logprobs_refused",
                   {{"key", admission.caller.key_name}, {"why", may.error().message}});
    ApiError error = to_api_error(may.error());
    error.code = "logprobs_refused";
    return reject(error);
  }
  telemetry::Record record =
      open_record(admission, services_.decision_ids.next(), dialect, operation);
  if (const auto parent = http::find_header(request.headers, "traceparent"))
    record.traceparent = *parent;
  services_.metrics.request_started();
  note_shadow(services_, admission, record.decision_id);
  if (services_.feedback != nullptr)
    services_.feedback->began(record.decision_id, admission.decision.ask.label.sensitivity,
                              admission.judged_prompt);
  reserve(std::make_shared<Pending>(Pending{.snapshot = current,
                                            .dialect = &dialect,
                                            .operation = &operation,
                                            .admission = std::move(admission),
                                            .record = std::move(record),
                                            .arrived = arrived,
                                            .logprobs_asked = logprobs_asked,
                                            .pass = *std::move(pass),
                                            .responder = std::move(responder),
                                            .hold = {}}));
}

void Gateway::reserve(const std::shared_ptr<Pending>& pending) {
  const policy::Decision& decision = pending->admission.decision;
  if (decision.refused())
    return refuse(*pending, policy_refusal(decision.refusal_code, decision.refusal),
                  decision.refusal_code);
  std::vector<Charge> charges =
      charges_of(pending->snapshot->config.quotas,
                 quota_ask(pending->snapshot->config, pending->admission), services_.clock.wall());
  if (charges.empty()) return serve(*pending);
  ++reserving_;
  auto wanted = charges;
  services_.quotas.reserve(std::move(wanted), [this, pending, charges = std::move(charges)](
                                                  const base::Result<Refusal>& outcome) mutable {
    if (!outcome) {
      refuse(*pending, to_api_error(outcome.error()), outcome.error().code);
    } else if (*outcome) {
      refuse(*pending, quota_refusal(charges[**outcome], services_.clock.wall()), Code::kExhausted);
    } else {
      pending->hold = QuotaHold(&services_.quotas, std::move(charges));
      serve(*pending);
    }
    if (--reserving_ == 0) reserving_.notify_all();
  });
}

/// A refusal is as much of an answer without its record as with it: nothing was done.
void Gateway::refuse(Pending& pending, const ApiError& error, Code code) {
  telemetry::Record& record = pending.record;
  http::Headers headers =
      decision_headers(record.decision_id, pending.admission.decision.ask.label);
  record.outcome = telemetry::Outcome::kRefused;
  record.error_code = base::code_name(code);
  record.total_ms = milliseconds_between(pending.arrived, services_.clock.steady());
  services_.note("request_refused", {{"decision", record.decision_id},
                                     {"key", record.key_name},
                                     {"tenant", record.tenant},
                                     {"code", error.code}});
  services_.finished(record);
  const auto shared =
      std::make_shared<std::unique_ptr<http::Responder>>(std::move(pending.responder));
  const auto answer = [shared, dialect = pending.dialect, error, headers](const base::Status&) {
    (*shared)->send(error_response(*dialect, error, headers));
  };
  if (base::Status queued = services_.ledger.finish(record, answer); !queued) answer(queued);
}

/// A kept answer is given only where its target might answer today: the label, the rules and the
/// caller's wishes are those of this request.
bool Gateway::give_again(Pending& pending, const ResponseCache::Key& key) {
  const auto kept = services_.cache->find(key, services_.clock.steady());
  if (!kept) return false;
  const policy::Decision& decision = pending.admission.decision;
  const auto permitted = std::find_if(
      decision.ranked.begin(), decision.ranked.end(),
      [&](std::size_t rank) { return decision.considered[rank].target == kept->target; });
  if (permitted == decision.ranked.end()) return false;
  const policy::Considered& target = decision.considered[*permitted];
  telemetry::Record& record = pending.record;
  record.target = target.target;
  record.place = policy::place_name(target.place);
  record.region = target.region;
  record.outcome = telemetry::Outcome::kOk;
  record.cost_usd = 0;
  record.total_ms = milliseconds_between(pending.arrived, services_.clock.steady());
  record.ttft_ms = record.total_ms;
  if (const auto watch = watch_for(*pending.snapshot, pending.admission)) {
    const base::Status seen = watch->see_whole(kept->answer);
    if (const auto label = watch->end(services_.clock.steady()); seen && label)
      add_answer_label(record, *label);
  }
  http::Headers headers = decision_headers(record.decision_id, decision.ask.label);
  headers.push_back({"x-nearside-target", record.target});
  headers.push_back({"x-nearside-place", record.place});
  headers.push_back({"x-nearside-cache", "hit"});
  const Asked& asked = pending.admission.asked;
  auto answer = pending.dialect->answer(
      *pending.operation,
      {.decision_id = record.decision_id,
       .model = record.target,
       .created_unix_s =
           std::chrono::duration_cast<std::chrono::seconds>(record.time.time_since_epoch()).count(),
       .stream_usage = asked.stream_usage,
       .embeddings_base64 = asked.embeddings_base64,
       .prompt_tokens = decision.ask.prompt_tokens});
  const bool stream = asked.stream && asked.request.kind != chat::Request::Kind::kEmbedding;
  headers.push_back({"content-type", stream ? std::string(answer->stream_content_type())
                                            : std::string("application/json")});
  http::Response response{
      200, std::move(headers),
      stream ? replayed_stream(*answer, kept->answer) : answer->whole(kept->answer)};
  services_.finished(record);
  const auto responder =
      std::make_shared<std::unique_ptr<http::Responder>>(std::move(pending.responder));
  const auto deliver = [responder, response = std::move(response),
                        dialect = pending.dialect](const base::Status& durable) {
    (*responder)
        ->send(durable ? response : error_response(*dialect, to_api_error(durable.error())));
  };
  if (base::Status queued = services_.ledger.finish(record, deliver); !queued) deliver(queued);
  return true;
}

void Gateway::serve(Pending& pending) {
  std::optional<ResponseCache::Key> key;
  const Asked& asked = pending.admission.asked;
  if (services_.cache != nullptr &&
      may_cache(pending.snapshot->config.cache, pending.admission.caller.tenant, asked.request)) {
    key = ResponseCache::key_of(pending.admission.caller.tenant, pending.operation->name,
                                asked.request.original_text);
    if (give_again(pending, *key)) return;
  }
  telemetry::Record& record = pending.record;
  if (base::Status begun = services_.ledger.begin(record); !begun) {
    services_.metrics.ledger_failed();
    record.outcome = telemetry::Outcome::kFailed;
    services_.finished(record);
    const ApiError error = to_api_error(base::fail(
        Code::kUnavailable, "the request was refused because it could not be recorded: {}",
        begun.error().message));
    services_.metrics.request_rejected(error.code);
    return pending.responder->send(error_response(*pending.dialect, error));
  }
  const std::chrono::milliseconds longest = pending.snapshot->config.limits.request_timeout;
  const auto patience = std::min(longest, pending.admission.wishes.deadline.value_or(longest));
  auto watch = watch_for(*pending.snapshot, pending.admission);
  const bool resume = may_resume(pending.snapshot->config, pending.admission);
  auto sample = sample_of(services_, pending.snapshot, pending.admission, record);
  Exchange::start({.snapshot = pending.snapshot,
                   .services = &services_,
                   .dialect = pending.dialect,
                   .operation = pending.operation,
                   .asked = std::move(pending.admission.asked),
                   .logprobs_asked = pending.logprobs_asked,
                   .template_use = std::move(pending.admission.template_use),
                   .decision = std::move(pending.admission.decision),
                   .record = std::move(record),
                   .arrived = pending.arrived,
                   .deadline = pending.arrived + patience,
                   .pass = std::move(pending.pass),
                   .hold = std::move(pending.hold),
                   .cache_key = key,
                   .sample = std::move(sample),
                   .resume = resume,
                   .watch = std::move(watch),
                   .responder = std::move(pending.responder)});
}

}  // namespace nearside::gateway
