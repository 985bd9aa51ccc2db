#include "gateway/dialect_anthropic_parse.h"

#include <fmt/format.h>

#include "gateway/dialect_openai_messages.h"
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

/// The content blocks of one message on their way into canonical messages.
class BlockReader {
 public:
  BlockReader(Asked& asked, std::string path, std::string_view role)
      : asked_(asked), path_(std::move(path)), role_(role) {}

  std::optional<ApiError> read(const json::array& blocks) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const std::string where = fmt::format("{}[{}]", path_, i);
      if (!blocks[i].is_object())
        return invalid_field(where, fmt::format("'{}' must be an object", where));
      if (auto error = block(blocks[i].get_object(), where)) return error;
    }
    finish();
    return std::nullopt;
  }

 private:
  std::optional<ApiError> block(const json::object& block, const std::string& where) {
    JsonFields fields(block, where + ".");
    const json::string* type = fields.string("type");
    if (type == nullptr) {
      fields.reject("type", "is required: the kind of this block, as in \"text\"");
      return fields.error();
    }
    if (*type == "text") {
      if (const json::string* text = fields.string("text"))
        parts_.emplace_back(text_part(*text));
      else
        fields.reject("text", "is required");
    } else if (*type == "image" || *type == "document") {
      attachment(fields, *type, parts_);
    } else if (*type == "tool_use") {
      tool_use(fields);
    } else if (*type == "tool_result") {
      tool_result(fields, block);
    } else if (*type == "thinking") {
      reasoning_ += text_of(block, "thinking");
      signature_ += text_of(block, "signature");
    } else if (*type != "redacted_thinking") {
      // Blocks of tools that the provider runs, and whatever is new: only that provider can read
      // them.
      need(asked_, "server_tools");
    }
    return fields.error();
  }

  void attachment(JsonFields& fields, std::string_view type, json::array& parts) {
    const json::object* source = fields.object("source");
    if (source == nullptr) return fields.reject("source", "is required");
    const std::string_view kind = text_of(*source, "type");
    const std::string_view media_type = text_of(*source, "media_type");
    const std::string_view data = text_of(*source, "data");
    if (type == "document" && kind == "text") {
      parts.emplace_back(text_part(data));
      return;
    }
    std::string url;
    if (kind == "base64")
      url = data_url(media_type, data);
    else if (kind == "url")
      url = text_of(*source, "url");
    if (type == "image") {
      need(asked_, "images");
      if (url.empty()) return fields.reject("source", "must be base64 or a url");
      parts.emplace_back(image_part(url));
    } else {
      need(asked_, "files");
      parts.emplace_back(
          json::object{{"type", "file"}, {"file", json::object{{"file_data", url}}}});
    }
  }

  void tool_use(JsonFields& fields) {
    const json::string* id = fields.string("id");
    const json::string* name = fields.string("name");
    if (id == nullptr) return fields.reject("id", "is required");
    if (name == nullptr) return fields.reject("name", "is required");
    const json::object* input = fields.object("input");
    calls_.emplace_back(json::object{
        {"id", *id},
        {"type", "function"},
        {"function",
         json::object{{"name", *name},
                      {"arguments", input == nullptr ? "{}" : json::serialize(*input)}}}});
  }

  void tool_result(JsonFields& fields, const json::object& block) {
    const json::string* id = fields.string("tool_use_id");
    if (id == nullptr) return fields.reject("tool_use_id", "is required");
    std::string text;
    if (const json::value* content = fields.find("content")) {
      if (content->is_string()) {
        text = content->get_string();
      } else if (content->is_array()) {
        for (const json::value& item : content->get_array()) {
          if (!item.is_object()) return fields.reject("content", "must hold blocks");
          const json::object& part = item.get_object();
          const std::string_view type = text_of(part, "type");
          if (type == "text") {
            text.append(text.empty() ? "" : "\n").append(text_of(part, "text"));
          } else if (type == "image" || type == "document") {
            JsonFields inner(part, path_ + ".content.");
            attachment(inner, type, parts_);
          } else {
            need(asked_, "server_tools");
          }
        }
      } else {
        return fields.reject("content", "must be a string or an array of blocks");
      }
    }
    json::object message = make_message("tool", json::value(text));
    message["tool_call_id"] = *id;
    if (const json::value* error = block.if_contains("is_error");
        error != nullptr && error->is_bool() && error->get_bool())
      message["is_error"] = true;
    asked_.request.messages.emplace_back(std::move(message));
  }

  void finish() {
    const bool assistant = role_ == "assistant";
    if (parts_.empty() && calls_.empty() && reasoning_.empty()) return;
    json::value content(nullptr);
    // One text is a string, which every server and template takes.
    if (parts_.size() == 1 && text_of(parts_[0].get_object(), "type") == "text")
      content = parts_[0].get_object().at("text");
    else if (!parts_.empty())
      content = std::move(parts_);
    else if (!assistant)
      content = "";
    json::object message = make_message(role_, std::move(content));
    if (!calls_.empty()) message["tool_calls"] = std::move(calls_);
    if (!reasoning_.empty()) message["reasoning_content"] = reasoning_;
    if (!signature_.empty()) message["reasoning_signature"] = signature_;
    asked_.request.messages.emplace_back(std::move(message));
  }

  Asked& asked_;
  const std::string path_;
  const std::string_view role_;
  json::array parts_;
  json::array calls_;
  std::string reasoning_;
  std::string signature_;
};

std::optional<ApiError> read_content(const json::value& content, const std::string& path,
                                     std::string_view role, Asked& asked) {
  if (content.is_string()) {
    asked.request.messages.emplace_back(make_message(role, content));
    return std::nullopt;
  }
  if (content.is_array()) return BlockReader(asked, path, role).read(content.get_array());
  return invalid_field(path, fmt::format("'{}' must be a string or an array of blocks", path));
}

std::optional<ApiError> read_messages(JsonFields& fields, Asked& asked) {
  if (const json::value* system = fields.find("system"))
    if (auto error = read_content(*system, "system", "system", asked)) return error;
  const json::array* messages = fields.array("messages");
  if (messages == nullptr || messages->empty())
    return invalid_field("messages", "'messages' must hold at least one message");
  if (messages->size() > kMessagesMax)
    return invalid_field("messages",
                         fmt::format("'messages' holds {} messages; at most {} are taken",
                                     messages->size(), kMessagesMax));
  for (std::size_t i = 0; i < messages->size(); ++i) {
    const std::string path = fmt::format("messages[{}]", i);
    if (!(*messages)[i].is_object())
      return invalid_field(path, fmt::format("'{}' must be an object", path));
    JsonFields message((*messages)[i].get_object(), path + ".");
    const json::string* role = message.string("role");
    if (role == nullptr || (*role != "user" && *role != "assistant" && *role != "system"))
      message.reject("role", "must be user or assistant");
    const json::value* content = message.find("content");
    if (content == nullptr) message.reject("content", "is required");
    if (message.error()) return message.error();
    if (auto error = read_content(*content, path + ".content", *role, asked)) return error;
  }
  return std::nullopt;
}

std::optional<ApiError> read_tools(JsonFields& fields, Asked& asked) {
  const json::array* tools = fields.array("tools");
  if (tools == nullptr || tools->empty()) return std::nullopt;
  if (tools->size() > kToolsMax)
    return invalid_field("tools", fmt::format("'tools' holds more than {} tools", kToolsMax));
  for (std::size_t i = 0; i < tools->size(); ++i) {
    const std::string path = fmt::format("tools[{}]", i);
    if (!(*tools)[i].is_object())
      return invalid_field(path, fmt::format("'{}' must be an object", path));
    const json::object& tool = (*tools)[i].get_object();
    JsonFields inner(tool, path + ".");
    const json::string* name = inner.string("name");
    const json::string* type = inner.string("type");
    if (name == nullptr) inner.reject("name", "is required");
    const json::object* schema = inner.object("input_schema");
    const json::string* description = inner.string("description");
    if (inner.error()) return inner.error();
    if (type != nullptr && *type != "custom") {
      need(asked, "server_tools");
      asked.request.tools.emplace_back(tool);
      continue;
    }
    json::object function{{"name", *name}};
    if (description != nullptr) function["description"] = *description;
    function["parameters"] = schema != nullptr ? *schema : json::object{{"type", "object"}};
    asked.request.tools.emplace_back(
        json::object{{"type", "function"}, {"function", std::move(function)}});
  }
  return std::nullopt;
}

void read_tool_choice(JsonFields& fields, Asked& asked) {
  const json::object* choice = fields.object("tool_choice");
  const bool forbidden = choice != nullptr && text_of(*choice, "type") == "none";
  if (!asked.request.tools.empty() && !forbidden) need(asked, "tools");
  if (choice == nullptr) return;
  const std::string_view type = text_of(*choice, "type");
  if (type == "none" || type == "auto")
    asked.request.tool_choice = type;
  else if (type == "any")
    asked.request.tool_choice = "required";
  else if (type == "tool" && !text_of(*choice, "name").empty())
    asked.request.tool_choice = json::object{
        {"type", "function"}, {"function", json::object{{"name", text_of(*choice, "name")}}}};
  else
    fields.reject("tool_choice", "must have the type auto, any, none, or tool with a name");
  if (const json::value* one = choice->if_contains("disable_parallel_tool_use");
      one != nullptr && one->is_bool())
    asked.request.parallel_tool_calls = !one->get_bool();
}

/// Budgets as words. Source: the budgets that LiteLLM and OpenRouter give to low, medium and high.
std::string_view effort_of(std::int64_t budget_tokens) {
  if (budget_tokens < 2'048) return "low";
  return budget_tokens < 8'192 ? "medium" : "high";
}

void read_thinking(JsonFields& fields, Asked& asked) {
  if (const json::object* thinking = fields.object("thinking")) {
    const std::string_view type = text_of(*thinking, "type");
    JsonFields inner(*thinking, "thinking.");
    if (type == "enabled")
      asked.request.reasoning_effort =
          effort_of(inner.integer("budget_tokens", 1, kCompletionTokensLimit).value_or(1'024));
    else if (type == "disabled")
      asked.request.reasoning_effort = "none";
    else if (type != "adaptive")
      fields.reject("thinking", "must have the type enabled, adaptive or disabled");
    if (inner.error()) fields.reject("thinking", "must have a whole number as 'budget_tokens'");
  }
  if (const json::object* output = fields.object("output_config")) {
    if (const std::string_view effort = text_of(*output, "effort"); !effort.empty())
      asked.request.reasoning_effort = effort == "max" ? "xhigh" : effort;
    if (const json::value* format = output->if_contains("format");
        format != nullptr && format->is_object() &&
        text_of(format->get_object(), "type") == "json_schema") {
      if (const json::value* schema = format->get_object().if_contains("schema")) {
        asked.request.format.kind = chat::AnswerFormat::Kind::kJsonSchema;
        asked.request.format.text = json::serialize(*schema);
        need(asked, "response_format");
      }
    }
  }
}

std::variant<Asked, ApiError> parse(std::string_view body, bool counting) {
  Asked asked;
  if (auto error = read_body(body, "anthropic", asked)) return *std::move(error);
  JsonFields fields(asked.request.original);
  read_model(fields, asked);
  asked.stream = fields.boolean("stream").value_or(false);
  if (const auto tokens = fields.integer("max_tokens", 1, kCompletionTokensLimit))
    asked.request.completion_tokens_max = static_cast<std::uint32_t>(*tokens);
  else if (!counting)
    fields.reject("max_tokens", "is required");
  read_stops(fields, "stop_sequences", asked.request);
  read_temperature(fields, 1, asked.request.sampling);
  read_thinking(fields, asked);
  if (fields.error()) return *fields.error();
  if (auto error = read_messages(fields, asked)) return *std::move(error);
  if (auto error = read_tools(fields, asked)) return *std::move(error);
  read_tool_choice(fields, asked);
  if (fields.error()) return *fields.error();
  return asked;
}

}  // namespace

std::variant<Asked, ApiError> parse_anthropic_messages(std::string_view body) {
  return parse(body, false);
}

std::variant<Asked, ApiError> parse_anthropic_count(std::string_view body) {
  return parse(body, true);
}

}  // namespace nearside::gateway
