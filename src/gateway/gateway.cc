#include "gateway/gateway.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "gateway/admission.h"
#include "gateway/decision_headers.h"
#include "gateway/endpoints.h"
#include "gateway/exchange.h"

namespace nearside::gateway {
namespace {

using base::Code;

constexpr std::string_view kModels = "/v1/models";
constexpr std::string_view kExplain = "/v1/route/explain";
constexpr std::string_view kCountTokens = "/v1/messages/count_tokens";
constexpr std::string_view kTags = "/api/tags";
constexpr std::string_view kShow = "/api/show";
constexpr std::string_view kVersion = "/api/version";

bool is_status_path(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

bool is_models_path(std::string_view path) {
  return path == kModels || (path.starts_with(kModels) && path[kModels.size()] == '/');
}

bool is_ollama_path(std::string_view path) { return path == kTags || path == kVersion; }

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
  record.decision_json = base::json::serialize(policy::to_json(decision));
  return record;
}

}  // namespace

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

http::Response Gateway::refusal(int status, std::string_view sentence) {
  const ApiError error = transport_refusal(status, sentence);
  services_.metrics.request_rejected(error.code);
  return error_response(*dialects().front(), error);
}

void Gateway::handle(http::Request request, std::unique_ptr<http::Responder> responder) {
  const std::string& path = request.path;
  if (const auto found = find_operation(path)) {
    if (request.method != "POST") return responder->send(not_allowed(path, "POST"));
    return handle_ask(*found->dialect, *found->operation, std::move(request), std::move(responder));
  }
  responder->send(answer_at_once(request));
}

http::Response Gateway::answer_at_once(const http::Request& request) {
  const std::string& path = request.path;
  const auto current = snapshot();
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (path == kExplain || path == kCountTokens || path == kShow) {
    if (request.method != "POST") return not_allowed(path, "POST");
    if (path == kExplain) return explain(*current, services_, request);
    if (path == kCountTokens) return count_tokens(*current, services_, request);
  } else if (!is_status_path(path) && !is_models_path(path) && !is_ollama_path(path)) {
    return not_found(path);
  } else if (!reads) {
    return not_allowed(path, "GET");
  }
  if (path == "/healthz") return health();
  if (path == "/readyz") return readiness(*current, services_, draining_);
  if (path == "/metrics") return metrics(*current, services_);
  if (path == kVersion) return ollama_version();
  if (const auto caller = current->auth.identify(request); !caller) {
    const ApiError error = to_api_error(caller.error());
    services_.metrics.request_rejected(error.code);
    return error_response(owner_of(path), error);
  }
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
  const policy::Decision& decision = admission.decision;

  telemetry::Record record =
      open_record(admission, services_.decision_ids.next(), dialect, operation);
  services_.metrics.request_started();
  if (decision.refused()) {
    const ApiError error = policy_refusal(decision.refusal_code, decision.refusal);
    http::Headers headers = decision_headers(record.decision_id, decision.ask.label);
    record.outcome = telemetry::Outcome::kRefused;
    record.error_code = base::code_name(decision.refusal_code);
    record.total_ms = milliseconds_between(arrived, services_.clock.steady());
    services_.metrics.request_finished(record);
    const auto shared = std::make_shared<std::unique_ptr<http::Responder>>(std::move(responder));
    const auto answer = [shared, &dialect, error, headers](const base::Status&) {
      (*shared)->send(error_response(dialect, error, headers));
    };
    // A refusal is as much of an answer without its record as with it: nothing was done.
    if (base::Status queued = services_.ledger.finish(std::move(record), answer); !queued)
      answer(queued);
    return;
  }
  if (base::Status begun = services_.ledger.begin(record); !begun) {
    services_.metrics.ledger_failed();
    record.outcome = telemetry::Outcome::kFailed;
    services_.metrics.request_finished(record);
    return reject(to_api_error(base::fail(
        Code::kUnavailable, "the request was refused because it could not be recorded: {}",
        begun.error().message)));
  }
  const auto patience =
      std::min(current->config.limits.request_timeout,
               admission.wishes.deadline.value_or(current->config.limits.request_timeout));
  Exchange::start({.snapshot = current,
                   .services = &services_,
                   .dialect = &dialect,
                   .operation = &operation,
                   .asked = std::move(admission.asked),
                   .decision = std::move(admission.decision),
                   .record = std::move(record),
                   .arrived = arrived,
                   .deadline = arrived + patience,
                   .pass = *std::move(pass),
                   .responder = std::move(responder)});
}

}  // namespace nearside::gateway
