#include "gateway/admission.h"
#include "gateway/decision_headers.h"
#include "gateway/endpoints.h"

namespace nearside::gateway {

http::Response explain(const Snapshot& snapshot, const Services& services,
                       const http::Request& request) {
  const Dialect& dialect = openai_dialect();
  // A body with a prompt is a completion, any other a chat.
  const auto body = base::parse_json(request.body);
  const bool completion = body && body->is_object() && body->get_object().contains("prompt") &&
                          !body->get_object().contains("messages");
  const Operation& operation = dialect.operations()[completion ? 1 : 0];
  const auto admitted = admit(snapshot, services, dialect, operation, request);
  if (const auto* error = std::get_if<ApiError>(&admitted)) return error_response(dialect, *error);
  return {200,
          {{"content-type", "application/json"}},
          policy::to_json(std::get<Admission>(admitted).decision)};
}

}  // namespace nearside::gateway
