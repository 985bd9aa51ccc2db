// Amazon Bedrock: converse for chats, invoke for Titan's and Cohere's vectors.
// Source: Amazon Bedrock API reference. The key is ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN],
// with which calls are signed, or a Bedrock API key, which is sent.
#include <fmt/format.h>

#include "upstream/aws_signature.h"
#include "upstream/bedrock_reader.h"
#include "upstream/json_call.h"
#include "upstream/message_view.h"
#include "upstream/providers.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;
using base::Code;
using base::fail;

constexpr Abilities kAbilities = {.embeddings = true};

/// "png" of "image/png"; documents are named by the end of their type or name.
std::string_view format_of(const PartView& part) {
  if (const std::size_t dot = part.name.rfind('.'); dot != std::string_view::npos)
    return part.name.substr(dot + 1);
  const std::size_t slash = part.media_type.find('/');
  std::string_view end = slash == std::string_view::npos ? "" : part.media_type.substr(slash + 1);
  return end == "plain" ? "txt" : end;
}

base::Status write_parts(json::array& blocks, const MessageView& message) {
  for (const PartView& part : message.parts) {
    if (part.kind == PartView::Kind::kText) {
      if (!part.text.empty()) blocks.emplace_back(json::object{{"text", part.text}});
      continue;
    }
    if (part.base64.empty())
      return fail(Code::kUnsupported, "the provider bedrock takes images and files as bytes only");
    json::object body{{"format", format_of(part)},
                      {"source", json::object{{"bytes", part.base64}}}};
    const bool image = part.kind == PartView::Kind::kImage;
    if (!image) body["name"] = "document";
    blocks.emplace_back(json::object{{image ? "image" : "document", std::move(body)}});
  }
  return {};
}

base::Result<json::array> blocks_of(const MessageView& message) {
  json::array blocks;
  if (message.role == "tool") {
    json::object result{{"toolUseId", message.tool_call_id},
                        {"content", json::array{json::object{{"text", text_of(message)}}}},
                        {"status", message.is_error ? "error" : "success"}};
    blocks.emplace_back(json::object{{"toolResult", std::move(result)}});
    return blocks;
  }
  if (!message.reasoning.empty() && !message.reasoning_signature.empty())
    blocks.emplace_back(
        json::object{{"reasoningContent",
                      json::object{{"reasoningText",
                                    json::object{{"text", message.reasoning},
                                                 {"signature", message.reasoning_signature}}}}}});
  TRY(write_parts(blocks, message));
  for (const CallView& call : message.calls)
    blocks.emplace_back(
        json::object{{"toolUse", json::object{{"toolUseId", call.id},
                                              {"name", call.name},
                                              {"input", arguments_object(call.arguments)}}}});
  return blocks;
}

/// Roles alternate: neighbours of one role are one message, results of tools the user's.
base::Result<json::array> messages_json(const std::vector<MessageView>& messages) {
  json::array out;
  for (const MessageView& message : messages) {
    if (message.role == "system") continue;
    json::array blocks = TRY(blocks_of(message));
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

json::object tool_config(const std::vector<ToolView>& tools, const ToolChoice& choice) {
  json::array specs;
  for (const ToolView& tool : tools) {
    json::object spec{{"name", tool.name}};
    if (!tool.description.empty()) spec["description"] = tool.description;
    spec["inputSchema"] = json::object{
        {"json", tool.parameters != nullptr ? *tool.parameters : json::object{{"type", "object"}}}};
    specs.emplace_back(json::object{{"toolSpec", std::move(spec)}});
  }
  json::object config{{"tools", std::move(specs)}};
  if (choice.kind == ToolChoice::Kind::kRequired)
    config["toolChoice"] = json::object{{"any", json::object()}};
  if (choice.kind == ToolChoice::Kind::kNamed)
    config["toolChoice"] = json::object{{"tool", json::object{{"name", choice.name}}}};
  return config;
}

base::Result<json::object> converse_fields(const chat::Request& request) {
  const std::vector<MessageView> messages = TRY(messages_of(request));
  const std::vector<ToolView> tools = TRY(tools_of(request));
  json::object fields;
  fields["messages"] = TRY(messages_json(messages));
  if (const std::string system = system_of(messages); !system.empty())
    fields["system"] = json::array{json::object{{"text", system}}};
  json::object inference;
  const chat::Sampling defaults;
  if (request.completion_tokens_max) inference["maxTokens"] = *request.completion_tokens_max;
  if (request.sampling.temperature != defaults.temperature)
    inference["temperature"] = request.sampling.temperature;
  if (request.sampling.top_p != defaults.top_p) inference["topP"] = request.sampling.top_p;
  if (!request.stop.empty()) inference["stopSequences"] = json::value_from(request.stop);
  if (!inference.empty()) fields["inferenceConfig"] = std::move(inference);
  // The call has no word for "none"; without definitions there is nothing to call.
  const ToolChoice choice = tool_choice_of(request);
  if (!tools.empty() && choice.kind != ToolChoice::Kind::kNone)
    fields["toolConfig"] = tool_config(tools, choice);
  return fields;
}

base::Result<json::object> invoke_fields(const Endpoint& endpoint, const chat::Request& request) {
  if (endpoint.model.find("cohere.") != std::string::npos)
    return json::object{{"texts", json::value_from(request.inputs)},
                        {"input_type", "search_document"}};
  if (request.inputs.size() != 1)
    return fail(Code::kUnsupported,
                "the provider bedrock takes one text a call for the model {}; send them one by one",
                endpoint.model);
  json::object fields{{"inputText", request.inputs.front()}};
  if (request.dimensions != 0) fields["dimensions"] = request.dimensions;
  return fields;
}

/// "host[:port]" of a URL without user or query.
std::string_view host_of(std::string_view url) {
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  return url.substr(0, url.find('/'));
}

/// "bedrock-runtime.REGION.amazonaws.com".
std::string_view region_of(std::string_view host) {
  const std::size_t first = host.find('.');
  if (first == std::string_view::npos) return {};
  host.remove_prefix(first + 1);
  const std::size_t end = host.find(".amazonaws.");
  return end == std::string_view::npos ? std::string_view() : host.substr(0, end);
}

base::Status authorize(http::ClientRequest& call, const Endpoint& endpoint, base::WallTime now) {
  if (endpoint.key.empty()) return {};
  const std::string_view key = endpoint.key.reveal();
  const std::size_t colon = key.find(':');
  if (colon == std::string_view::npos) {
    call.headers.push_back({"authorization", fmt::format("Bearer {}", key)});
    return {};
  }
  const std::string_view rest = key.substr(colon + 1);
  const std::size_t second = rest.find(':');
  AwsCredentials credentials{.access_key_id = key.substr(0, colon),
                             .secret_access_key = rest.substr(0, second),
                             .session_token = {}};
  if (second != std::string_view::npos) credentials.session_token = rest.substr(second + 1);
  AwsRequest request;
  request.host = host_of(call.url);
  request.path =
      std::string_view(call.url).substr(call.url.find(request.host) + request.host.size());
  request.body = call.body;
  request.region =
      endpoint.region.empty() ? region_of(request.host) : std::string_view(endpoint.region);
  request.service = "bedrock";
  if (request.region.empty())
    return fail(Code::kInvalidArgument,
                "the region of {} is not known; configure aws_region for the target", endpoint.url);
  for (http::Header& header :
       sign_aws(request, {{"content-type", "application/json"}}, credentials, now))
    call.headers.push_back(std::move(header));
  return {};
}

class Bedrock final : public Provider {
 public:
  [[nodiscard]] std::string_view name() const override { return "bedrock"; }

  [[nodiscard]] base::Result<http::ClientRequest> ask(const Endpoint& endpoint,
                                                      const chat::Request& request,
                                                      base::WallTime now) const override {
    if (const auto able = check_abilities(request, "bedrock", kAbilities); !able)
      return able.error();
    const bool embedding = request.kind == chat::Request::Kind::kEmbedding;
    auto fields = embedding ? invoke_fields(endpoint, request) : converse_fields(request);
    if (!fields) return std::move(fields).error();
    http::ClientRequest call =
        json_call(endpoint,
                  fmt::format("/model/{}/{}", percent_encoded(endpoint.model),
                              embedding ? "invoke" : "converse-stream"),
                  json::serialize(*fields));
    if (base::Status allowed = authorize(call, endpoint, now); !allowed) return allowed.error();
    return call;
  }

  [[nodiscard]] std::unique_ptr<ReplyReader> reader(const chat::Request& request,
                                                    const http::Headers& headers) const override {
    return make_bedrock_reader(request, headers);
  }
};

}  // namespace

const Provider& bedrock_provider() {
  static const Bedrock provider;
  return provider;
}

}  // namespace nearside::upstream
