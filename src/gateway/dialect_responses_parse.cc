#include "gateway/dialect_responses_parse.h"

#include <fmt/format.h>

#include "gateway/dialect_openai_messages.h"
#include "gateway/dialect_openai_parse.h"
#include "gateway/needs.h"
#include "gateway/request_body.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

/// A content part of an item as a canonical one; null for what is no content.
json::value part_of(const json::object& part, Asked& asked) {
  const std::string_view type = text_of(part, "type");
  if (type == "input_text" || type == "output_text" || type == "text")
    return text_part(text_of(part, "text"));
  if (type == "refusal")
    return json::object{{"type", "refusal"}, {"refusal", text_of(part, "refusal")}};
  if (type == "input_image") {
    need(asked, "images");
    json::object image = image_part(text_of(part, "image_url"));
    if (const std::string_view detail = text_of(part, "detail"); !detail.empty())
      image["image_url"].get_object()["detail"] = detail;
    return image;
  }
  if (type == "input_file") {
    need(asked, "files");
    json::object file;
    for (const char* name : {"file_data", "file_id", "filename"})
      if (const std::string_view value = text_of(part, name); !value.empty()) file[name] = value;
    if (const std::string_view url = text_of(part, "file_url"); !url.empty())
      file["file_data"] = url;
    return json::object{{"type", "file"}, {"file", std::move(file)}};
  }
  need(asked, type == "input_audio" ? "audio" : "server_tools");
  if (type == "input_audio") return part;
  return nullptr;
}

json::value content_of(const json::value& content, Asked& asked) {
  if (content.is_string()) return content;
  json::array parts;
  if (const json::array* items = content.if_array())
    for (const json::value& item : *items) {
      if (!item.is_object()) continue;
      if (json::value part = part_of(item.get_object(), asked); !part.is_null())
        parts.emplace_back(std::move(part));
    }
  // One text is a string, which every server and template takes.
  if (parts.size() == 1 && text_of(parts[0].get_object(), "type") == "text")
    return parts[0].get_object().at("text");
  return parts;
}

/// The assistant's last message, to which calls belong.
json::object& assistant_message(json::array& messages) {
  if (messages.empty() || messages.back().get_object().at("role") != "assistant")
    messages.emplace_back(make_message("assistant", nullptr));
  return messages.back().get_object();
}

std::optional<ApiError> read_call(const json::object& item, const std::string& path, Asked& asked) {
  JsonFields fields(item, path + ".");
  const json::string* id = fields.string("call_id");
  const json::string* name = fields.string("name");
  const json::string* arguments = fields.string("arguments");
  if (id == nullptr) fields.reject("call_id", "is required");
  if (name == nullptr) fields.reject("name", "is required");
  if (fields.error()) return fields.error();
  json::value& calls = assistant_message(asked.request.messages)["tool_calls"];
  if (!calls.is_array()) calls = json::array();
  calls.get_array().emplace_back(json::object{
      {"id", *id},
      {"type", "function"},
      {"function",
       json::object{{"name", *name}, {"arguments", arguments != nullptr ? *arguments : "{}"}}}});
  return std::nullopt;
}

std::optional<ApiError> read_output(const json::object& item, const std::string& path,
                                    Asked& asked) {
  JsonFields fields(item, path + ".");
  const json::string* id = fields.string("call_id");
  const json::value* output = fields.find("output");
  if (id == nullptr) fields.reject("call_id", "is required");
  if (output == nullptr) fields.reject("output", "is required");
  if (fields.error()) return fields.error();
  json::object message = make_message("tool", content_of(*output, asked));
  message["tool_call_id"] = *id;
  asked.request.messages.emplace_back(std::move(message));
  return std::nullopt;
}

std::optional<ApiError> read_message(const json::object& item, const std::string& path,
                                     Asked& asked) {
  JsonFields fields(item, path + ".");
  const json::string* role = fields.string("role");
  const json::value* content = fields.find("content");
  if (role == nullptr) fields.reject("role", "is required");
  if (content == nullptr || !(content->is_string() || content->is_array()))
    fields.reject("content", "must be a string or an array of parts");
  if (fields.error()) return fields.error();
  asked.request.messages.emplace_back(make_message(*role, content_of(*content, asked)));
  return std::nullopt;
}

std::optional<ApiError> read_item(const json::value& value, const std::string& path, Asked& asked) {
  if (!value.is_object()) return invalid_field(path, fmt::format("'{}' must be an object", path));
  const json::object& item = value.get_object();
  const std::string_view type = text_of(item, "type");
  if (type.empty() || type == "message") return read_message(item, path, asked);
  if (type == "function_call") return read_call(item, path, asked);
  if (type == "function_call_output") return read_output(item, path, asked);
  if (type == "item_reference")
    return invalid_field(path, "items are not kept here; send the item instead of a reference");
  // Thoughts are encrypted for their own server; what other items mean, only it knows.
  if (type != "reasoning") need(asked, "server_tools");
  return std::nullopt;
}

std::optional<ApiError> read_input(JsonFields& fields, Asked& asked) {
  if (const json::string* instructions = fields.string("instructions"))
    asked.request.messages.emplace_back(make_message("system", *instructions));
  const json::value* input = fields.find("input");
  if (input != nullptr && input->is_string()) {
    asked.request.messages.emplace_back(make_message("user", *input));
    return std::nullopt;
  }
  if (input == nullptr || !input->is_array() || input->get_array().empty())
    return invalid_field("input", "'input' must be a text or an array of items");
  if (input->get_array().size() > kMessagesMax)
    return invalid_field("input", "'input' must hold at most 10000 items");
  std::size_t i = 0;
  for (const json::value& item : input->get_array())
    if (auto error = read_item(item, fmt::format("input[{}]", i++), asked)) return error;
  return std::nullopt;
}

std::optional<ApiError> read_tools(JsonFields& fields, Asked& asked) {
  const json::array* tools = fields.array("tools");
  if (tools == nullptr || tools->empty()) return std::nullopt;
  for (std::size_t i = 0; i < tools->size(); ++i) {
    const std::string path = fmt::format("tools[{}]", i);
    if (!(*tools)[i].is_object())
      return invalid_field(path, fmt::format("'{}' must be an object", path));
    const json::object& tool = (*tools)[i].get_object();
    if (text_of(tool, "type") != "function") {
      need(asked, "server_tools");
      asked.request.tools.emplace_back(tool);
      continue;
    }
    json::object function;
    for (const char* name : {"name", "description", "parameters", "strict"})
      if (const json::value* value = tool.if_contains(name); value && !value->is_null())
        function[name] = *value;
    asked.request.tools.emplace_back(
        json::object{{"type", "function"}, {"function", std::move(function)}});
  }
  if (const json::value* choice = fields.find("tool_choice")) {
    asked.request.tool_choice = *choice;
    if (choice->is_object() && text_of(choice->get_object(), "type") == "function")
      asked.request.tool_choice =
          json::object{{"type", "function"},
                       {"function", json::object{{"name", text_of(choice->get_object(), "name")}}}};
  }
  if (asked.request.tool_choice != "none") need(asked, "tools");
  return check_tools(asked.request.tools);
}

void read_wishes_of(JsonFields& fields, Asked& asked) {
  read_model(fields, asked);
  asked.stream = fields.boolean("stream").value_or(false);
  read_temperature(fields, 2, asked.request.sampling);
  if (const auto tokens = fields.integer("max_output_tokens", 1, kCompletionTokensLimit))
    asked.request.completion_tokens_max = static_cast<std::uint32_t>(*tokens);
  asked.request.parallel_tool_calls = fields.boolean("parallel_tool_calls").value_or(true);
  if (const json::object* reasoning = fields.object("reasoning")) {
    JsonFields inner(*reasoning, "reasoning.");
    read_effort(inner, "effort", asked.request);
    if (inner.error()) fields.reject("reasoning", inner.error()->message);
  }
  if (const json::object* text = fields.object("text"))
    if (const json::value* format = text->if_contains("format"); format && format->is_object())
      read_answer_format(fields, format->get_object(), asked);
  for (const char* name : {"previous_response_id", "conversation", "prompt"})
    if (fields.find(name) != nullptr)
      fields.reject(name, "is not offered: answers are not kept here; send the whole conversation");
  if (fields.boolean("background").value_or(false))
    fields.reject("background", "is not offered: answers are not kept here");
}

}  // namespace

std::variant<Asked, ApiError> parse_responses(std::string_view body) {
  Asked asked;
  if (auto error = read_body(body, "responses", asked)) return *std::move(error);
  JsonFields fields(asked.request.original);
  read_wishes_of(fields, asked);
  if (fields.error()) return *fields.error();
  if (auto error = read_input(fields, asked)) return *std::move(error);
  if (auto error = read_tools(fields, asked)) return *std::move(error);
  if (fields.error()) return *fields.error();
  if (auto error = check_messages(asked.request.messages, asked)) return *std::move(error);
  return asked;
}

}  // namespace nearside::gateway
