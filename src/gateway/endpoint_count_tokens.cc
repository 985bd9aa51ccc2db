#include <fmt/format.h>

#include "gateway/decision_headers.h"
#include "gateway/dialect_anthropic_parse.h"
#include "gateway/endpoints.h"
#include "policy/ask.h"
#include "policy/document.h"

namespace nearside::gateway {

http::Response count_tokens(const Snapshot& snapshot, const Services& services,
                            const http::Request& request) {
  const auto reject = [&services](const ApiError& error) {
    services.metrics.request_rejected(error.code);
    return error_response(anthropic_dialect(), error);
  };
  if (const auto caller = snapshot.auth.identify(request); !caller)
    return reject(to_api_error(caller.error()));
  const auto parsed = parse_anthropic_count(request.body);
  if (const auto* error = std::get_if<ApiError>(&parsed)) return reject(*error);
  // Counted here: nothing of the prompt leaves, so that no label is needed.
  const policy::Conversation conversation =
      policy::Conversation::of(std::get<Asked>(parsed).request);
  const policy::Ask ask = policy::make_ask(conversation, {}, std::nullopt);
  return {200,
          {{"content-type", "application/json"}},
          fmt::format(R"({{"input_tokens":{}}})", ask.prompt_tokens)};
}

}  // namespace nearside::gateway
