#include "engine/forced_call.h"

#include "base/json.h"
#include "engine/prompt.h"

namespace nearside::engine {

namespace json = base::json;

std::optional<ForcedCall> forced_call(const chat::Request& request, const ToolCallFormat& format) {
  const json::value& choice = request.tool_choice;
  const bool demanded =
      choice.is_object() || (choice.is_string() && choice.get_string() == "required");
  const json::array tools = offered_tools(request);
  if (!demanded || tools.empty() || format.forced.arguments_key.empty()) return std::nullopt;
  json::array calls;
  for (const json::value& tool : tools) {
    const json::object* const function = tool.as_object().if_contains("function") == nullptr
                                             ? nullptr
                                             : tool.as_object().at("function").if_object();
    if (function == nullptr || !function->contains("name")) continue;
    const json::value* const parameters = function->if_contains("parameters");
    calls.push_back(json::object{
        {"type", "object"},
        {"properties",
         json::object{{"name", json::object{{"const", function->at("name")}}},
                      {format.forced.arguments_key,
                       parameters != nullptr ? *parameters
                                             : json::value(json::object{{"type", "object"}})}}},
        {"required", json::array{"name", format.forced.arguments_key}},
        {"additionalProperties", false}});
  }
  if (calls.empty()) return std::nullopt;
  json::object schema{{"anyOf", std::move(calls)}};
  if (format.forced.in_array)
    schema = json::object{{"type", "array"},
                          {"items", std::move(schema)},
                          {"minItems", 1},
                          {"maxItems", request.parallel_tool_calls ? 8 : 1}};
  ForcedCall forced;
  forced.begin = std::string(format.forced.begin);
  forced.format.kind = chat::AnswerFormat::Kind::kJsonSchema;
  forced.format.text = json::serialize(schema);
  return forced;
}

}  // namespace nearside::engine
