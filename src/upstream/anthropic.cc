// Anthropic's messages. Source: Anthropic's API reference.
#include <algorithm>

#include "upstream/anthropic_reader.h"
#include "upstream/begun.h"
#include "upstream/json_call.h"
#include "upstream/message_view.h"
#include "upstream/original.h"
#include "upstream/providers.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;
using base::Code;
using base::fail;

// The call wants a limit; this is what today's models all allow.
constexpr std::uint32_t kTokensDefault = 4'096;
constexpr const char* kVersion = "2023-06-01";
constexpr Abilities kAbilities = {.json_schema = true};

json::object text_block(std::string_view text) { return {{"type", "text"}, {"text", text}}; }

json::object source_of(const PartView& part) {
  if (!part.url.empty()) return {{"type", "url"}, {"url", part.url}};
  return {{"type", "base64"}, {"media_type", part.media_type}, {"data", part.base64}};
}

void write_parts(json::array& blocks, const MessageView& message) {
  for (const PartView& part : message.parts) {
    if (part.kind == PartView::Kind::kText) {
      // The call refuses empty texts.
      if (!part.text.empty()) blocks.emplace_back(text_block(part.text));
    } else {
      const bool image = part.kind == PartView::Kind::kImage;
      blocks.emplace_back(
          json::object{{"type", image ? "image" : "document"}, {"source", source_of(part)}});
    }
  }
}

json::array blocks_of(const MessageView& message) {
  json::array blocks;
  if (message.role == "tool") {
    json::object result{{"type", "tool_result"},
                        {"tool_use_id", message.tool_call_id},
                        {"content", text_of(message)}};
    if (message.is_error) result["is_error"] = true;
    blocks.emplace_back(std::move(result));
    return blocks;
  }
  // Thoughts without the proof that they are the model's own are refused.
  if (!message.reasoning.empty() && !message.reasoning_signature.empty())
    blocks.emplace_back(json::object{{"type", "thinking"},
                                     {"thinking", message.reasoning},
                                     {"signature", message.reasoning_signature}});
  write_parts(blocks, message);
  for (const CallView& call : message.calls)
    blocks.emplace_back(json::object{{"type", "tool_use"},
                                     {"id", call.id},
                                     {"name", call.name},
                                     {"input", arguments_object(call.arguments)}});
  return blocks;
}

/// Roles alternate: neighbours of one role are one message, results of tools the user's.
json::array messages_json(const std::vector<MessageView>& messages) {
  json::array out;
  for (const MessageView& message : messages) {
    if (message.role == "system") continue;
    json::array blocks = blocks_of(message);
    if (blocks.empty()) continue;
    const std::string_view role = message.role == "assistant" ? "assistant" : "user";
    if (!out.empty() && std::string_view(out.back().at("role").get_string()) == role) {
      json::array& before = out.back().get_object().at("content").get_array();
      for (json::value& block : blocks) before.emplace_back(std::move(block));
    } else {
      out.emplace_back(json::object{{"role", role}, {"content", std::move(blocks)}});
    }
  }
  return out;
}

json::object tool_choice_json(const chat::Request& request) {
  const ToolChoice choice = tool_choice_of(request);
  json::object out;
  switch (choice.kind) {
    case ToolChoice::Kind::kAuto:
      out["type"] = "auto";
      break;
    case ToolChoice::Kind::kNone:
      return {{"type", "none"}};
    case ToolChoice::Kind::kRequired:
      out["type"] = "any";
      break;
    case ToolChoice::Kind::kNamed:
      out = {{"type", "tool"}, {"name", choice.name}};
      break;
  }
  if (!request.parallel_tool_calls) out["disable_parallel_tool_use"] = true;
  return out;
}

/// Words as budgets. Source: LiteLLM's and OpenRouter's figures for low, medium and high.
std::uint32_t thinking_budget(std::string_view effort) {
  if (effort == "minimal" || effort == "low") return 1'024;
  return effort == "medium" ? 2'048 : 8'192;
}

void write_sampling(json::object& fields, const chat::Request& request) {
  std::uint32_t tokens = request.completion_tokens_max.value_or(kTokensDefault);
  const chat::Sampling defaults;
  const chat::Sampling& sampling = request.sampling;
  const std::string& effort = request.reasoning_effort;
  if (!effort.empty() && effort != "none") {
    // The budget is a part of the limit, and thinking wants the model's own temperature.
    const std::uint32_t budget = thinking_budget(effort);
    tokens = std::max(tokens, budget + 1'024);
    fields["thinking"] = json::object{{"type", "enabled"}, {"budget_tokens", budget}};
  } else {
    if (sampling.temperature != defaults.temperature)
      fields["temperature"] = std::min(sampling.temperature, 1.0F);
    if (sampling.top_p != defaults.top_p) fields["top_p"] = sampling.top_p;
    if (sampling.top_k != 0) fields["top_k"] = sampling.top_k;
  }
  fields["max_tokens"] = tokens;
  if (!request.stop.empty()) fields["stop_sequences"] = json::value_from(request.stop);
}

base::Result<json::object> fields_of(const chat::Request& request) {
  if (const auto able = check_abilities(request, "anthropic", kAbilities); !able)
    return able.error();
  const std::vector<MessageView> messages = TRY(messages_of(request));
  const std::vector<ToolView> tools = TRY(tools_of(request));
  json::object fields;
  fields["messages"] = messages_json(messages);
  if (std::string system = system_of(messages); !system.empty()) fields["system"] = system;
  write_sampling(fields, request);
  if (!tools.empty()) {
    json::array out;
    for (const ToolView& tool : tools) {
      json::object written{{"name", tool.name}};
      if (!tool.description.empty()) written["description"] = tool.description;
      written["input_schema"] =
          tool.parameters != nullptr ? *tool.parameters : json::object{{"type", "object"}};
      out.emplace_back(std::move(written));
    }
    fields["tools"] = std::move(out);
    fields["tool_choice"] = tool_choice_json(request);
  }
  if (request.format.kind == chat::AnswerFormat::Kind::kJsonSchema) {
    auto schema = base::parse_json(request.format.text);
    if (!schema) return std::move(schema).error();
    fields["output_config"] = json::object{
        {"format", json::object{{"type", "json_schema"}, {"schema", *std::move(schema)}}}};
  }
  return fields;
}

class Anthropic final : public Provider {
 public:
  [[nodiscard]] std::string_view name() const override { return "anthropic"; }

  [[nodiscard]] base::Result<http::ClientRequest> ask(const Endpoint& endpoint,
                                                      const chat::Request& request,
                                                      base::WallTime) const override {
    const Members members = {{"model", json_text(endpoint.model)}, {"stream", "true"}};
    std::string body = came_in(request, "anthropic")
                           ? original_with(request, members)
                           : with_members(json::serialize(TRY(fields_of(request))), members);
    http::ClientRequest call = json_call(endpoint, "/messages", std::move(body));
    call.headers.push_back({"accept", "text/event-stream, application/json"});
    call.headers.push_back(
        {"anthropic-version", endpoint.api_version.empty() ? kVersion : endpoint.api_version});
    if (!endpoint.key.empty()) call.headers.push_back({"x-api-key", endpoint.key.reveal()});
    return call;
  }

  [[nodiscard]] std::unique_ptr<ReplyReader> reader(const chat::Request& request,
                                                    const http::Headers& headers) const override {
    return without_said_space(request, make_anthropic_reader(request, headers));
  }
};

}  // namespace

const Provider& anthropic_provider() {
  static const Anthropic provider;
  return provider;
}

}  // namespace nearside::upstream
