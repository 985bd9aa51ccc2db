// Whatever a client sends in any dialect, the parser answers with a request that keeps its bounds,
// or with an error that can be written down.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/answer_collector.h"
#include "gateway/dialect.h"
#include "gateway/dialect_openai_messages.h"
#include "gateway/request_body.h"

using namespace nearside;  // a program of its own

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const gateway::Dialect* dialect : gateway::dialects()) {
    for (const gateway::Operation& operation : dialect->operations()) {
      const auto result = dialect->parse(operation, body);
      if (const auto* error = std::get_if<gateway::ApiError>(&result)) {
        const http::Response response = dialect->error(*error);
        if (response.status < 400 || response.status > 499) std::abort();
        if (!base::parse_json(response.body)) std::abort();
        continue;
      }
      const auto& asked = std::get<gateway::Asked>(result);
      if (asked.model.empty() || asked.model.size() > gateway::kModelNameBytesMax) std::abort();
      if (asked.request.stop.size() > gateway::kStopsMax) std::abort();
      if (asked.request.original_text != body) std::abort();
      if (asked.request.inputs.size() > gateway::kEmbeddingInputsMax) std::abort();
      for (const auto& message : asked.request.messages)
        if (!message.is_object() || !message.get_object().contains("role")) std::abort();
    }
  }
  return 0;
}
