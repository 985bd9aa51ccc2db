#include "upstream/openai_body.h"

#include <algorithm>
#include <array>

#include "upstream/original.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

/// The members of a message that OpenAI knows: strict servers refuse others.
json::array plain_messages(const json::array& messages) {
  static constexpr std::array<std::string_view, 9> kKnown = {
      "role",    "content", "name",          "tool_calls", "tool_call_id",
      "refusal", "audio",   "function_call", "prefix"};
  json::array out;
  out.reserve(messages.size());
  for (const json::value& message : messages) {
    if (!message.is_object()) continue;
    json::object plain;
    for (const auto& [key, value] : message.get_object())
      if (std::find(kKnown.begin(), kKnown.end(), std::string_view(key)) != kKnown.end())
        plain[key] = value;
    out.emplace_back(std::move(plain));
  }
  return out;
}

void write_format(json::object& fields, const chat::AnswerFormat& format) {
  using Kind = chat::AnswerFormat::Kind;
  switch (format.kind) {
    case Kind::kText:
      return;
    case Kind::kJsonObject:
      fields["response_format"] = json::object{{"type", "json_object"}};
      return;
    case Kind::kJsonSchema: {
      auto schema = base::parse_json(format.text);
      fields["response_format"] = json::object{
          {"type", "json_schema"},
          {"json_schema", json::object{{"name", format.name.empty() ? "answer" : format.name},
                                       {"schema", schema ? *std::move(schema) : json::value()},
                                       {"strict", true}}}};
      return;
    }
    case Kind::kRegex:  // as vLLM has them
      fields["structured_outputs"] = json::object{{"regex", format.text}};
      return;
    case Kind::kGrammar:  // as llama-server and vLLM have them
      fields["grammar"] = format.text;
      return;
  }
}

void write_sampling(json::object& fields, const chat::Request& request) {
  const chat::Sampling defaults;
  const chat::Sampling& sampling = request.sampling;
  const auto set = [&fields](const char* name, float value, float normal) {
    if (value != normal) fields[name] = value;
  };
  set("temperature", sampling.temperature, defaults.temperature);
  set("top_p", sampling.top_p, defaults.top_p);
  set("frequency_penalty", sampling.frequency_penalty, defaults.frequency_penalty);
  set("presence_penalty", sampling.presence_penalty, defaults.presence_penalty);
  // Not OpenAI's, so only where they were asked for.
  set("min_p", sampling.min_p, defaults.min_p);
  if (sampling.top_k != 0) fields["top_k"] = sampling.top_k;
  set("repetition_penalty", sampling.repetition_penalty, defaults.repetition_penalty);
  if (sampling.seed) fields["seed"] = static_cast<std::int64_t>(*sampling.seed);
  if (request.completion_tokens_max) fields["max_tokens"] = *request.completion_tokens_max;
  if (!request.stop.empty()) fields["stop"] = json::value_from(request.stop);
  if (request.choices > 1) fields["n"] = request.choices;
  if (!request.logit_bias.empty()) {
    json::object bias;
    for (const auto& [token, value] : request.logit_bias) bias[std::to_string(token)] = value;
    fields["logit_bias"] = std::move(bias);
  }
}

void write_chat(json::object& fields, const chat::Request& request) {
  fields["messages"] = plain_messages(request.messages);
  if (!request.tools.empty()) {
    fields["tools"] = request.tools;
    if (!request.tool_choice.is_null()) fields["tool_choice"] = request.tool_choice;
    if (!request.parallel_tool_calls) fields["parallel_tool_calls"] = false;
  }
  if (request.logprobs) {
    fields["logprobs"] = true;
    fields["top_logprobs"] = *request.logprobs;
  }
  if (!request.reasoning_effort.empty()) fields["reasoning_effort"] = request.reasoning_effort;
  write_format(fields, request.format);
}

/// The fields of a request that did not come in this dialect.
json::object fields_of(const chat::Request& request) {
  json::object fields;
  switch (request.kind) {
    case chat::Request::Kind::kChat:
      write_chat(fields, request);
      break;
    case chat::Request::Kind::kCompletion:
      fields["prompt"] = request.prompt;
      if (request.logprobs) fields["logprobs"] = *request.logprobs;
      break;
    case chat::Request::Kind::kEmbedding:
      fields["input"] = json::value_from(request.inputs);
      if (request.dimensions != 0) fields["dimensions"] = request.dimensions;
      return fields;
  }
  write_sampling(fields, request);
  return fields;
}

}  // namespace

std::string openai_body(std::string_view model, const chat::Request& request) {
  Members members = {{"model", json_text(model)}};
  if (request.kind != chat::Request::Kind::kEmbedding) {
    members.emplace_back("stream", "true");
    json::object options;
    if (const json::value* given = request.original.if_contains("stream_options");
        given != nullptr && given->is_object() && came_in(request, "openai"))
      options = given->get_object();
    options["include_usage"] = true;
    members.emplace_back("stream_options", json::serialize(options));
  }
  if (came_in(request, "openai")) return original_with(request, members);
  return with_members(json::serialize(fields_of(request)), members);
}

std::string_view openai_path(const chat::Request& request) {
  switch (request.kind) {
    case chat::Request::Kind::kChat:
      return "/chat/completions";
    case chat::Request::Kind::kCompletion:
      return "/completions";
    case chat::Request::Kind::kEmbedding:
      return "/embeddings";
  }
  return "/chat/completions";
}

}  // namespace nearside::upstream
