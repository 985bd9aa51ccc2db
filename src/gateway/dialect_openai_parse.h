// OpenAI's chat, completion and embedding requests into the house's own form.
#pragma once

#include <string_view>
#include <variant>

#include "gateway/dialect.h"
#include "gateway/json_field.h"

namespace nearside::gateway {

/// Fields that are known are checked; fields that are not stay in chat::Request::original, for
/// upstreams that know them.
std::variant<Asked, ApiError> parse_openai_chat(std::string_view body);
std::variant<Asked, ApiError> parse_openai_completion(std::string_view body);
std::variant<Asked, ApiError> parse_openai_embeddings(std::string_view body);

/// OpenAI's default for the older call.
inline constexpr std::uint32_t kCompletionTokensDefault = 16;

/// "response_format": the form the answer must have, shared with the Responses call.
void read_answer_format(JsonFields& fields, const base::json::object& format, Asked& asked);
/// "reasoning_effort" or its like: one of OpenAI's words.
void read_effort(JsonFields& fields, std::string_view name, chat::Request& request);
/// "input" of an embedding call: a text or an array of them.
void read_embedding_inputs(JsonFields& fields, Asked& asked);

}  // namespace nearside::gateway
