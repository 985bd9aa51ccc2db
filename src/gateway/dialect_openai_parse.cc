#include "gateway/dialect_openai_parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "gateway/answer_collector.h"
#include "gateway/dialect_openai_messages.h"
#include "gateway/needs.h"
#include "gateway/request_body.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

constexpr std::int64_t kTokensMax = kCompletionTokensLimit;
// OpenAI's own bounds.
constexpr std::int64_t kTopLogprobsMax = 20;
constexpr std::size_t kBiasesMax = 1'024;

void read_sampling(JsonFields& fields, chat::Sampling& sampling) {
  read_temperature(fields, 2, sampling);
  if (const auto v = fields.number("frequency_penalty", -2, 2))
    sampling.frequency_penalty = static_cast<float>(*v);
  if (const auto v = fields.number("presence_penalty", -2, 2))
    sampling.presence_penalty = static_cast<float>(*v);
  if (const auto v = fields.integer("seed", std::numeric_limits<std::int64_t>::min(),
                                    std::numeric_limits<std::int64_t>::max()))
    sampling.seed = static_cast<std::uint64_t>(*v);
  // Not OpenAI's, but what vLLM and llama-server added to the dialect.
  if (const auto v = fields.number("min_p", 0, 1)) sampling.min_p = static_cast<float>(*v);
  for (const char* name : {"repetition_penalty", "repeat_penalty"})
    if (const auto v = fields.number(name, 0.01, 10))
      sampling.repetition_penalty = static_cast<float>(*v);
}

void read_logit_bias(JsonFields& fields, Asked& asked) {
  const json::object* bias = fields.object("logit_bias");
  if (bias == nullptr || bias->empty()) return;
  if (bias->size() > kBiasesMax)
    return fields.reject("logit_bias", "must name at most 1024 tokens");
  for (const auto& [key, value] : *bias) {
    std::int32_t token = 0;
    const std::string_view text = key;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), token);
    if (error != std::errc() || end != text.data() + text.size() || token < 0)
      return fields.reject("logit_bias", "must have token ids as names");
    if (!value.is_number() || std::abs(value.to_number<double>()) > 100)
      return fields.reject("logit_bias", "must have numbers from -100 to 100");
    asked.request.logit_bias.emplace_back(token, static_cast<float>(value.to_number<double>()));
  }
  need(asked, "logit_bias");
}

/// What chat and completion have in common.
void read_common(JsonFields& fields, Asked& asked) {
  read_model(fields, asked);
  asked.stream = fields.boolean("stream").value_or(false);
  if (const json::object* options = fields.object("stream_options")) {
    if (!asked.stream) fields.reject("stream_options", "is only allowed when 'stream' is true");
    JsonFields inner(*options, "stream_options.");
    asked.stream_usage = inner.boolean("include_usage").value_or(false);
    if (inner.error())
      fields.reject("stream_options", "must have true or false in 'include_usage'");
  }
  asked.request.choices = static_cast<std::uint32_t>(
      fields.integer("n", 1, static_cast<std::int64_t>(kChoicesMax)).value_or(1));
  if (asked.request.choices > 1) need(asked, "n");
  read_stops(fields, "stop", asked.request);
  read_sampling(fields, asked.request.sampling);
  read_logit_bias(fields, asked);
}

void read_chat_form(JsonFields& fields, Asked& asked) {
  if (const json::object* format = fields.object("response_format"))
    read_answer_format(fields, *format, asked);
  if (fields.boolean("logprobs").value_or(false)) {
    asked.request.logprobs =
        static_cast<std::uint32_t>(fields.integer("top_logprobs", 0, kTopLogprobsMax).value_or(0));
    need(asked, "logprobs");
  }
  if (const json::array* modalities = fields.array("modalities"))
    for (const json::value& modality : *modalities)
      if (modality != "text") need(asked, "modalities");
  for (const char* name : {"functions", "audio", "web_search_options"})
    if (fields.find(name) != nullptr) need(asked, name);
}

void read_chat(JsonFields& fields, Asked& asked) {
  const auto newer = fields.integer("max_completion_tokens", 1, kTokensMax);
  const auto older = fields.integer("max_tokens", 1, kTokensMax);
  if (newer || older)
    asked.request.completion_tokens_max = static_cast<std::uint32_t>(newer ? *newer : *older);
  read_chat_form(fields, asked);
  read_effort(fields, "reasoning_effort", asked.request);
  if (const json::object* extra = fields.object("chat_template_kwargs"))
    asked.request.template_extra = *extra;
  if (const json::array* tools = fields.array("tools")) {
    asked.request.tools = *tools;
    const json::value* choice = fields.find("tool_choice");
    if (choice != nullptr && !choice->is_string() && !choice->is_object())
      fields.reject("tool_choice", "must be a string or an object");
    if (choice != nullptr) asked.request.tool_choice = *choice;
    if (!tools->empty() && (choice == nullptr || *choice != "none")) need(asked, "tools");
  }
  asked.request.parallel_tool_calls = fields.boolean("parallel_tool_calls").value_or(true);
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
  if (fields.integer("best_of", 1, 20).value_or(asked.request.choices) != asked.request.choices)
    fields.reject("best_of", "must be as 'n': answers are not drawn to be thrown away");
  if (fields.boolean("echo").value_or(false)) need(asked, "echo");
  if (const json::string* suffix = fields.string("suffix"); suffix != nullptr && !suffix->empty())
    need(asked, "suffix");
  if (const auto logprobs = fields.integer("logprobs", 0, 5)) {
    asked.request.logprobs = static_cast<std::uint32_t>(*logprobs);
    need(asked, "logprobs");
  }
}

void read_embeddings(JsonFields& fields, Asked& asked) {
  asked.request.kind = chat::Request::Kind::kEmbedding;
  read_model(fields, asked);
  read_embedding_inputs(fields, asked);
  if (const auto dimensions = fields.integer("dimensions", 1, 65'536))
    asked.request.dimensions = static_cast<std::uint32_t>(*dimensions);
  if (const json::string* encoding = fields.string("encoding_format")) {
    if (*encoding != "float" && *encoding != "base64")
      fields.reject("encoding_format", "must be float or base64");
    asked.embeddings_base64 = *encoding == "base64";
  }
}

using Read = void (*)(JsonFields&, Asked&);

std::variant<Asked, ApiError> parse(std::string_view body, Read common, Read own) {
  Asked asked;
  if (auto error = read_body(body, "openai", asked)) return *std::move(error);
  JsonFields fields(asked.request.original);
  if (common != nullptr) common(fields, asked);
  own(fields, asked);
  if (fields.error()) return *fields.error();
  if (asked.request.kind != chat::Request::Kind::kChat) return asked;
  if (auto error = check_messages(asked.request.messages, asked)) return *error;
  if (auto error = check_tools(asked.request.tools)) return *error;
  return asked;
}

}  // namespace

void read_answer_format(JsonFields& fields, const json::object& format, Asked& asked) {
  constexpr const char* kName = "response_format";
  JsonFields inner(format, "response_format.");
  const json::string* type = inner.string("type");
  if (type == nullptr) return fields.reject(kName, "must have a 'type'");
  chat::AnswerFormat& form = asked.request.format;
  if (*type == "text") return;
  need(asked, "response_format");
  if (*type == "json_object") {
    form.kind = chat::AnswerFormat::Kind::kJsonObject;
  } else if (*type == "json_schema") {
    // Chat wraps name and schema in an object; Responses has them beside the type.
    const json::object* wrapped = inner.object("json_schema");
    JsonFields named(wrapped != nullptr ? *wrapped : format, "response_format.json_schema.");
    const json::value* schema = named.find("schema");
    if (schema == nullptr || !(schema->is_object() || schema->is_bool()))
      return fields.reject(kName, "must have a 'schema' of the answer");
    form.kind = chat::AnswerFormat::Kind::kJsonSchema;
    form.text = json::serialize(*schema);
    if (const json::string* name = named.string("name")) form.name = *name;
    if (named.error()) fields.reject(kName, "must have a string as 'name'");
  }
  // Other types are some server's own; one that is asked for it refuses what it does not know.
}

void read_effort(JsonFields& fields, std::string_view name, chat::Request& request) {
  static constexpr std::array<std::string_view, 6> kEfforts = {"none",   "minimal", "low",
                                                               "medium", "high",    "xhigh"};
  const json::string* effort = fields.string(name);
  if (effort == nullptr) return;
  if (std::find(kEfforts.begin(), kEfforts.end(), std::string_view(*effort)) == kEfforts.end())
    return fields.reject(name, "must be none, minimal, low, medium, high or xhigh");
  request.reasoning_effort = *effort;
}

void read_embedding_inputs(JsonFields& fields, Asked& asked) {
  const json::value* input = fields.find("input");
  std::vector<std::string>& inputs = asked.request.inputs;
  if (input == nullptr) {
    fields.reject("input", "is required: a text, or an array of them");
  } else if (input->is_string()) {
    inputs.emplace_back(input->get_string());
  } else if (input->is_array()) {
    for (const json::value& item : input->get_array()) {
      if (!item.is_string())
        return fields.reject("input", "must hold texts; arrays of tokens are not offered");
      inputs.emplace_back(item.get_string());
    }
  } else {
    fields.reject("input", "must be a text or an array of texts");
  }
  if (inputs.size() > kEmbeddingInputsMax) fields.reject("input", "must hold at most 2048 texts");
  if (input != nullptr && inputs.empty()) fields.reject("input", "must hold at least one text");
  for (const std::string& text : inputs)
    if (text.empty()) fields.reject("input", "must hold no empty text");
  need(asked, "embeddings");
}

std::variant<Asked, ApiError> parse_openai_chat(std::string_view body) {
  return parse(body, read_common, read_chat);
}

std::variant<Asked, ApiError> parse_openai_completion(std::string_view body) {
  return parse(body, read_common, read_completion);
}

std::variant<Asked, ApiError> parse_openai_embeddings(std::string_view body) {
  return parse(body, nullptr, read_embeddings);
}

}  // namespace nearside::gateway
