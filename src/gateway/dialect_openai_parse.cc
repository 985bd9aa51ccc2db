#include "gateway/dialect_openai_parse.h"

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "gateway/dialect_openai_messages.h"
#include "gateway/json_field.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

constexpr std::int64_t kTokensMax = 1 << 24;
// top_p 0 means "the likeliest token only"; the sampler takes a share above zero.
constexpr double kTopPLeast = 1e-6;

void read_stop(JsonFields& fields, chat::Request& request) {
  const json::value* stop = fields.find("stop");
  if (stop == nullptr) return;
  if (stop->is_string()) {
    request.stop.emplace_back(stop->get_string());
  } else if (stop->is_array()) {
    for (const json::value& item : stop->get_array()) {
      if (!item.is_string()) return fields.reject("stop", "must hold strings only");
      request.stop.emplace_back(item.get_string());
    }
  } else {
    return fields.reject("stop", "must be a string or an array of strings");
  }
  if (request.stop.size() > kStopsMax) fields.reject("stop", "must hold at most 4 strings");
  for (const std::string& text : request.stop)
    if (text.empty() || text.size() > kStopBytesMax)
      fields.reject("stop", "must hold strings of 1 to 128 bytes");
}

void read_sampling(JsonFields& fields, chat::Sampling& sampling) {
  if (const auto v = fields.number("temperature", 0, 2))
    sampling.temperature = static_cast<float>(*v);
  if (const auto v = fields.number("top_p", 0, 1))
    sampling.top_p = static_cast<float>(std::max(*v, kTopPLeast));
  if (const auto v = fields.number("frequency_penalty", -2, 2))
    sampling.frequency_penalty = static_cast<float>(*v);
  if (const auto v = fields.number("presence_penalty", -2, 2))
    sampling.presence_penalty = static_cast<float>(*v);
  if (const auto v = fields.integer("seed", std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max()))
    sampling.seed = static_cast<std::uint64_t>(*v);
  // Not OpenAI's, but what vLLM and llama-server added to the dialect.
  if (const auto v = fields.integer("top_k", -1, std::numeric_limits<std::int32_t>::max()))
    sampling.top_k = static_cast<std::uint32_t>(std::max<std::int64_t>(*v, 0));
  if (const auto v = fields.number("min_p", 0, 1)) sampling.min_p = static_cast<float>(*v);
  for (const char* name : {"repetition_penalty", "repeat_penalty"})
    if (const auto v = fields.number(name, 0.01, 10))
      sampling.repetition_penalty = static_cast<float>(*v);
}

/// What both calls have in common.
void read_common(JsonFields& fields, Asked& asked) {
  if (const json::string* model = fields.string("model")) {
    asked.model = *model;
    if (asked.model.empty() || asked.model.size() > kModelNameBytesMax)
      fields.reject("model", "must have 1 to 256 bytes");
  } else {
    fields.reject("model", "is required: \"auto\", a route, or a target as place/name");
  }
  asked.stream = fields.boolean("stream").value_or(false);
  if (const json::object* options = fields.object("stream_options")) {
    if (!asked.stream) fields.reject("stream_options", "is only allowed when 'stream' is true");
    JsonFields inner(*options, "stream_options.");
    asked.stream_usage = inner.boolean("include_usage").value_or(false);
    if (inner.error())
      fields.reject("stream_options", "must have true or false in 'include_usage'");
  }
  if (fields.integer("n", 1, 128).value_or(1) != 1)
    fields.reject("n",
                  "must be 1: several answers to one request are not offered; send the request "
                  "several times");
  read_stop(fields, asked.request);
  read_sampling(fields, asked.request.sampling);
  if (const json::object* bias = fields.object("logit_bias"); bias != nullptr && !bias->empty())
    asked.upstream_only = "logit_bias";
}

std::variant<json::object, ApiError> read_object(std::string_view body) {
  auto parsed = base::parse_json(body);
  if (!parsed)
    return ApiError{400, "invalid_request_error", "invalid_json",
                    "the request body is " + parsed.error().message, ""};
  if (!parsed->is_object())
    return ApiError{400, "invalid_request_error", "invalid_json",
                    "the request body must be a JSON object", ""};
  return std::move(parsed->get_object());
}

void read_chat(JsonFields& fields, Asked& asked) {
  const auto newer = fields.integer("max_completion_tokens", 1, kTokensMax);
  const auto older = fields.integer("max_tokens", 1, kTokensMax);
  if (newer || older)
    asked.request.completion_tokens_max = static_cast<std::uint32_t>(newer ? *newer : *older);
  if (const json::object* format = fields.object("response_format")) {
    JsonFields inner(*format, "response_format.");
    const json::string* type = inner.string("type");
    if (type == nullptr) fields.reject("response_format", "must have a 'type'");
    if (type != nullptr && *type != "text") asked.upstream_only = "response_format";
  }
  if (fields.boolean("logprobs").value_or(false)) asked.upstream_only = "logprobs";
  if (const json::array* modalities = fields.array("modalities"))
    for (const json::value& modality : *modalities)
      if (modality != "text") asked.upstream_only = "modalities";
  for (const char* name : {"functions", "audio", "web_search_options"})
    if (fields.find(name) != nullptr) asked.upstream_only = name;
  if (const json::object* extra = fields.object("chat_template_kwargs"))
    asked.request.template_extra = *extra;
  if (const json::array* tools = fields.array("tools")) {
    asked.request.tools = *tools;
    const json::value* choice = fields.find("tool_choice");
    if (!tools->empty() && (choice == nullptr || *choice != "none")) asked.upstream_only = "tools";
  }
  if (const json::array* messages = fields.array("messages"))
    asked.request.messages = *messages;
  else
    fields.reject("messages", "is required");
}

void read_prompt(JsonFields& fields, Asked& asked) {
  const json::value* prompt = fields.find("prompt");
  if (prompt != nullptr && prompt->is_array() && prompt->get_array().size() == 1)
    prompt = &prompt->get_array().front();
  if (prompt == nullptr)
    fields.reject("prompt", "is required");
  else if (prompt->is_string())
    asked.request.prompt = prompt->get_string();
  else
    fields.reject("prompt",
                  "must be a string, or an array with one string; token arrays and several "
                  "prompts in one request are not offered");
}

void read_completion(JsonFields& fields, Asked& asked) {
  asked.request.kind = chat::Request::Kind::kCompletion;
  read_prompt(fields, asked);
  asked.request.completion_tokens_max = static_cast<std::uint32_t>(
      fields.integer("max_tokens", 0, kTokensMax).value_or(kCompletionTokensDefault));
  if (fields.integer("best_of", 1, 20).value_or(1) != 1)
    fields.reject("best_of", "must be 1: several answers to one request are not offered");
  if (fields.boolean("echo").value_or(false)) asked.upstream_only = "echo";
  if (const json::string* suffix = fields.string("suffix"); suffix != nullptr && !suffix->empty())
    asked.upstream_only = "suffix";
  if (fields.integer("logprobs", 0, 5)) asked.upstream_only = "logprobs";
}

}  // namespace

std::variant<Asked, ApiError> parse_openai_chat(std::string_view body) {
  auto read = read_object(body);
  if (auto* error = std::get_if<ApiError>(&read)) return std::move(*error);
  Asked asked;
  asked.request.original = std::get<json::object>(std::move(read));
  JsonFields fields(asked.request.original);
  read_common(fields, asked);
  read_chat(fields, asked);
  if (fields.error()) return *fields.error();
  if (auto error = check_messages(asked.request.messages, asked.upstream_only)) return *error;
  if (auto error = check_tools(asked.request.tools)) return *error;
  return asked;
}

std::variant<Asked, ApiError> parse_openai_completion(std::string_view body) {
  auto read = read_object(body);
  if (auto* error = std::get_if<ApiError>(&read)) return std::move(*error);
  Asked asked;
  asked.request.original = std::get<json::object>(std::move(read));
  JsonFields fields(asked.request.original);
  read_common(fields, asked);
  read_completion(fields, asked);
  if (fields.error()) return *fields.error();
  return asked;
}

}  // namespace nearside::gateway
