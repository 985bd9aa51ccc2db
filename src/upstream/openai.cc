// Servers that speak OpenAI's chat/completions, completions and embeddings: OpenAI itself, vLLM,
// llama-server, another Nearside node.
#include "upstream/json_call.h"
#include "upstream/message_view.h"
#include "upstream/openai_body.h"
#include "upstream/openai_reader.h"
#include "upstream/original.h"
#include "upstream/providers.h"

namespace nearside::upstream {
namespace {

class OpenAi final : public Provider {
 public:
  [[nodiscard]] std::string_view name() const override { return "openai"; }

  [[nodiscard]] base::Result<http::ClientRequest> ask(const Endpoint& endpoint,
                                                      const chat::Request& request,
                                                      base::WallTime) const override {
    // Tools that another provider runs have no place here; the client's own words are its own.
    if (!came_in(request, "openai"))
      if (const auto tools = tools_of(request); !tools) return tools.error();
    std::string body = openai_body(endpoint.model, request);
    if (!request.begun.empty() && request.kind == chat::Request::Kind::kChat &&
        endpoint.continues == Continues::kContinueFinalMessage)
      body = with_members(body,
                          {{"continue_final_message", "true"}, {"add_generation_prompt", "false"}});
    http::ClientRequest call = json_call(endpoint, openai_path(request), std::move(body));
    call.headers.push_back({"accept", "text/event-stream, application/json"});
    if (!endpoint.key.empty())
      call.headers.push_back({"authorization", "Bearer " + endpoint.key.reveal()});
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
