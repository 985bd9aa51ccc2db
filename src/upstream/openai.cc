// Servers that speak OpenAI's chat/completions and completions: OpenAI itself, vLLM, llama-server,
// another Nearside node.
#include <fmt/format.h>

#include "upstream/openai_reader.h"
#include "upstream/providers.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

/// The fields of a request that did not come in this dialect.
json::object fields_of(const chat::Request& request) {
  json::object fields;
  if (request.kind == chat::Request::Kind::kChat) {
    fields["messages"] = request.messages;
    if (!request.tools.empty()) fields["tools"] = request.tools;
  } else {
    fields["prompt"] = request.prompt;
  }
  const chat::Sampling defaults;
  const chat::Sampling& sampling = request.sampling;
  const auto set = [&fields](const char* name, float value, float normal) {
    if (value != normal) fields[name] = value;
  };
  set("temperature", sampling.temperature, defaults.temperature);
  set("top_p", sampling.top_p, defaults.top_p);
  set("frequency_penalty", sampling.frequency_penalty, defaults.frequency_penalty);
  set("presence_penalty", sampling.presence_penalty, defaults.presence_penalty);
  if (sampling.seed) fields["seed"] = *sampling.seed;
  if (request.completion_tokens_max) fields["max_tokens"] = *request.completion_tokens_max;
  if (!request.stop.empty()) fields["stop"] = json::value_from(request.stop);
  return fields;
}

class OpenAi final : public Provider {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai"; }

  [[nodiscard]] base::Result<http::ClientRequest> ask(const Endpoint& endpoint,
                                                      const chat::Request& request) const override {
    json::object fields = request.original.empty() ? fields_of(request) : request.original;
    fields["model"] = endpoint.model;
    fields["stream"] = true;
    json::value& options = fields["stream_options"];
    if (!options.is_object()) options = json::object();
    options.as_object()["include_usage"] = true;

    const bool chat = request.kind == chat::Request::Kind::kChat;
    std::string url = endpoint.url;
    while (url.ends_with('/')) url.pop_back();
    http::ClientRequest call;
    call.method = "POST";
    call.url = url + (chat ? "/chat/completions" : "/completions");
    call.headers = {{"content-type", "application/json"},
                    {"accept", "text/event-stream"},
                    {"user-agent", "nearside"}};
    if (!endpoint.key.empty())
      call.headers.push_back({"authorization", "Bearer " + endpoint.key.reveal()});
    call.body = json::serialize(fields);
    call.timeouts = endpoint.timeouts;
    call.ca_file = endpoint.ca_file;
    return call;
  }

  [[nodiscard]] std::unique_ptr<ReplyReader> reader(const chat::Request& request,
                                                    const http::Headers& headers) const override {
    return make_openai_reader(request, headers);
  }
};

}  // namespace

const Provider& openai_provider() {
  static const OpenAi provider;
  return provider;
}

}  // namespace nearside::upstream
