// Whatever a client sends, the parser answers with a request that keeps its bounds, or with an
// error that can be written down.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/dialect.h"
#include "gateway/dialect_openai_parse.h"
#include "gateway/request_body.h"

namespace {

using namespace nearside;  // a program of its own

void check(const std::variant<gateway::Asked, gateway::ApiError>& result) {
  if (const auto* error = std::get_if<gateway::ApiError>(&result)) {
    const http::Response response = gateway::openai_dialect().error(*error);
    if (response.status < 400 || response.status > 499) std::abort();
    if (!base::parse_json(response.body)) std::abort();
    return;
  }
  const auto& asked = std::get<gateway::Asked>(result);
  if (asked.model.empty() || asked.model.size() > gateway::kModelNameBytesMax) std::abort();
  if (asked.request.stop.size() > gateway::kStopsMax) std::abort();
  if (asked.request.original.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  check(gateway::parse_openai_chat(body));
  check(gateway::parse_openai_completion(body));
  check(gateway::parse_openai_embeddings(body));
  return 0;
}
