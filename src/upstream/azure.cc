// OpenAI's dialect as Azure serves it: by deployment when an API version is configured, by the
// "v1" paths when none is. Source: Azure OpenAI REST API reference.
#include "upstream/json_call.h"
#include "upstream/message_view.h"
#include "upstream/openai_body.h"
#include "upstream/openai_reader.h"
#include "upstream/original.h"
#include "upstream/providers.h"

namespace nearside::upstream {
namespace {

class Azure final : public Provider {
 public:
  [[nodiscard]] std::string_view name() const override { return "azure"; }

  [[nodiscard]] base::Result<http::ClientRequest> ask(const Endpoint& endpoint,
                                                      const chat::Request& request,
                                                      base::WallTime) const override {
    if (!came_in(request, "openai"))
      if (const auto tools = tools_of(request); !tools) return tools.error();
    std::string path = "/openai/v1";
    if (!endpoint.api_version.empty())
      path = "/openai/deployments/" + percent_encoded(endpoint.model);
    path += openai_path(request);
    if (!endpoint.api_version.empty())
      path += "?api-version=" + percent_encoded(endpoint.api_version);
    http::ClientRequest call = json_call(endpoint, path, openai_body(endpoint.model, request));
    call.headers.push_back({"accept", "text/event-stream, application/json"});
    if (!endpoint.key.empty()) call.headers.push_back({"api-key", endpoint.key.reveal()});
    return call;
  }

  [[nodiscard]] std::unique_ptr<ReplyReader> reader(const chat::Request& request,
                                                    const http::Headers& headers) const override {
    return make_openai_reader(request, headers);
  }
};

}  // namespace

const Provider& azure_provider() {
  static const Azure provider;
  return provider;
}

}  // namespace nearside::upstream
