// Any bytes as a template: parsing and rendering end within their limits, without a crash. A
// template that renders does so again with the same text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "text/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nearside;
  text::TemplateLimits limits;
  limits.source_bytes_max = 1U << 16;
  limits.steps_max = 20'000;
  limits.output_bytes_max = 1U << 16;
  limits.value_bytes_max = 1U << 20;
  const auto parsed = text::ChatTemplate::parse(
      std::string_view(reinterpret_cast<const char*>(data), size), limits);
  if (!parsed) return 0;
  static const auto request = base::parse_json(
      R"({"messages": [{"role": "user", "content": "Grüße an Halle 7"},
          {"role": "assistant", "content": null, "tool_calls": [{"id": "a1", "type": "function",
           "function": {"name": "stock", "arguments": {"part": "A-113", "count": 2.5}}}]},
          {"role": "tool", "tool_call_id": "a1", "content": "{\"on_hand\": 4}"}],
         "tools": [{"type": "function", "function": {"name": "stock", "parameters":
          {"type": "object", "properties": {"part": {"type": "string"}}, "required": ["part"]}}}]})");
  text::TemplateInput input;
  input.messages = request->as_object().at("messages").as_array();
  input.tools = request->as_object().at("tools").as_array();
  input.bos_token = "<s>";
  input.eos_token = "</s>";
  const auto first = parsed->render(input);
  const auto second = parsed->render(input);
  CHECK(first.has_value() == second.has_value());
  CHECK(!first || *first == *second);
  return 0;
}
