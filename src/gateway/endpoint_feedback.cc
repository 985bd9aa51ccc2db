// POST /v1/feedback: how good an answer was.
#include <cmath>

#include "base/json.h"
#include "gateway/decision_headers.h"
#include "gateway/endpoints.h"
#include "gateway/feedback.h"

namespace nearside::gateway {

namespace json = base::json;

namespace {

/// {"decision_id": text, "good": true, false or 0..1}.
std::variant<Judgement, ApiError> read_judgement(const std::string& body) {
  const auto parsed = base::parse_json(body);
  if (!parsed || !parsed->is_object())
    return to_api_error(base::fail(base::Code::kInvalidArgument,
                                   "the body is no JSON object with decision_id and good"));
  const json::object& fields = parsed->get_object();
  const json::value* id = fields.if_contains("decision_id");
  if (id == nullptr || !id->is_string() || id->get_string().empty())
    return invalid_field("decision_id",
                         "decision_id must be what the answer's header "
                         "x-nearside-decision said");
  const json::value* good = fields.if_contains("good");
  Judgement judgement;
  judgement.decision_id = id->get_string();
  if (good != nullptr && good->is_bool())
    judgement.good = good->get_bool() ? 1 : 0;
  else if (good != nullptr && good->is_number())
    judgement.good = good->to_number<double>();
  else
    judgement.good = NAN;
  if (!(judgement.good >= 0 && judgement.good <= 1))
    return invalid_field("good", "good must be true, false or a number from 0 to 1");
  return judgement;
}

}  // namespace

void feedback(const Snapshot& snapshot, const Services& services, const http::Request& request,
              std::unique_ptr<http::Responder> responder) {
  const Dialect& dialect = openai_dialect();
  const auto reject = [&](const ApiError& error) {
    services.metrics.request_rejected(error.code);
    responder->send(error_response(dialect, error));
  };
  const auto caller = snapshot.auth.identify(request);
  if (!caller) return reject(to_api_error(caller.error()));
  if (services.feedback == nullptr)
    return reject({404, "invalid_request_error", "unknown_path",
                   "this node keeps no feedback; configure feedback.file", ""});
  auto read = read_judgement(request.body);
  if (const auto* error = std::get_if<ApiError>(&read)) return reject(*error);
  Judgement judgement = std::get<Judgement>(std::move(read));
  judgement.tenant = caller->tenant;
  judgement.key_name = caller->key_name;
  const auto shared = std::make_shared<std::unique_ptr<http::Responder>>(std::move(responder));
  const auto answer = [shared, &dialect](const base::Status& kept) {
    (*shared)->send(
        kept ? http::Response{200, {{"content-type", "application/json"}}, R"({"kept":true})"}
             : error_response(dialect, to_api_error(kept.error())));
  };
  if (base::Status queued = services.feedback->submit(std::move(judgement), answer); !queued)
    answer(queued);
}

}  // namespace nearside::gateway
