#include "gateway/dialect_openai_messages.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "gateway/json_field.h"
#include "gateway/needs.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

constexpr std::array<std::string_view, 6> kRoles = {"system",    "developer", "user",
                                                    "assistant", "tool",      "function"};
struct PartKind {
  std::string_view type;
  std::string_view payload;  // the field that must hold it
  bool payload_is_text;      // a string that a local model can read
  std::string_view needs;    // what a local model lacks for it; "": nothing
};
constexpr std::array<PartKind, 5> kPartKinds = {{
    {"text", "text", true, ""},
    {"refusal", "refusal", true, ""},
    {"image_url", "image_url", false, "images"},
    {"input_audio", "input_audio", false, "audio"},
    {"file", "file", false, "files"},
}};

std::optional<ApiError> check_part(const json::value& value, const std::string& path,
                                   Asked& asked) {
  if (!value.is_object()) return invalid_field(path, fmt::format("'{}' must be an object", path));
  JsonFields fields(value.get_object(), path + ".");
  const json::string* type = fields.string("type");
  if (type == nullptr) {
    fields.reject("type", "is required: the kind of this part, as in \"text\"");
    return fields.error();
  }
  const auto kind = std::find_if(kPartKinds.begin(), kPartKinds.end(), [type](const PartKind& k) {
    return k.type == std::string_view(*type);
  });
  if (kind == kPartKinds.end()) {
    fields.reject("type",
                  "is no kind of content part (text, image_url, input_audio, file, refusal)");
    return fields.error();
  }
  if (fields.find(kind->payload) == nullptr)
    fields.reject(kind->payload, "is required in a part of this type");
  else if (kind->payload_is_text)
    fields.string(kind->payload);
  else
    fields.object(kind->payload);
  if (!kind->needs.empty()) need(asked, kind->needs);
  return fields.error();
}

std::optional<ApiError> check_content(const json::value* content, std::string_view role,
                                      bool may_be_absent, const std::string& path, Asked& asked) {
  if (content == nullptr) {
    if (may_be_absent) return std::nullopt;
    return invalid_field(path,
                         fmt::format("'{}' is required in a message of role '{}'", path, role));
  }
  if (content->is_string()) return std::nullopt;
  if (!content->is_array())
    return invalid_field(path, fmt::format("'{}' must be a string or an array of parts", path));
  const json::array& parts = content->get_array();
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (auto error = check_part(parts[i], fmt::format("{}[{}]", path, i), asked)) return error;
  return std::nullopt;
}

std::optional<ApiError> check_tool_calls(const json::array& calls, const std::string& path) {
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::string where = fmt::format("{}[{}]", path, i);
    if (!calls[i].is_object())
      return invalid_field(where, fmt::format("'{}' must be an object", where));
    JsonFields call(calls[i].get_object(), where + ".");
    if (call.string("id") == nullptr) call.reject("id", "is required");
    if (const json::object* function = call.object("function")) {
      JsonFields inner(*function, where + ".function.");
      if (inner.string("name") == nullptr) inner.reject("name", "is required");
      inner.string("arguments");
      if (inner.error()) return inner.error();
    } else if (call.find("custom") == nullptr) {
      call.reject("function", "is required");
    }
    if (call.error()) return call.error();
  }
  return std::nullopt;
}

std::optional<ApiError> check_message(const json::value& value, const std::string& path,
                                      Asked& asked) {
  if (!value.is_object()) return invalid_field(path, fmt::format("'{}' must be an object", path));
  JsonFields fields(value.get_object(), path + ".");
  const json::string* role = fields.string("role");
  if (role == nullptr) {
    fields.reject("role", "is required");
    return fields.error();
  }
  if (std::find(kRoles.begin(), kRoles.end(), std::string_view(*role)) == kRoles.end()) {
    fields.reject("role", "must be system, developer, user, assistant, tool or function");
    return fields.error();
  }
  fields.string("name");
  const json::array* calls = fields.array("tool_calls");
  if (*role == "tool" && fields.string("tool_call_id") == nullptr)
    fields.reject("tool_call_id", "is required in a message of role 'tool'");
  if (fields.error()) return fields.error();
  if (calls != nullptr)
    if (auto error = check_tool_calls(*calls, path + ".tool_calls")) return error;
  const bool may_be_absent = *role == "assistant" || *role == "function";
  return check_content(fields.find("content"), *role, may_be_absent, path + ".content", asked);
}

}  // namespace

std::optional<ApiError> check_messages(const json::array& messages, Asked& asked) {
  if (messages.empty())
    return invalid_field("messages", "'messages' must hold at least one message");
  if (messages.size() > kMessagesMax)
    return invalid_field("messages",
                         fmt::format("'messages' holds {} messages; at most {} are taken",
                                     messages.size(), kMessagesMax));
  for (std::size_t i = 0; i < messages.size(); ++i)
    if (auto error = check_message(messages[i], fmt::format("messages[{}]", i), asked))
      return error;
  return std::nullopt;
}

std::optional<ApiError> check_tools(const json::array& tools) {
  if (tools.size() > kToolsMax)
    return invalid_field("tools", fmt::format("'tools' holds {} tools; at most {} are taken",
                                              tools.size(), kToolsMax));
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const std::string path = fmt::format("tools[{}]", i);
    if (!tools[i].is_object())
      return invalid_field(path, fmt::format("'{}' must be an object", path));
    JsonFields tool(tools[i].get_object(), path + ".");
    const json::string* type = tool.string("type");
    if (type == nullptr) tool.reject("type", "is required");
    if (type != nullptr && *type == "function") {
      const json::object* function = tool.object("function");
      if (function == nullptr) {
        tool.reject("function", "is required");
      } else {
        JsonFields inner(*function, path + ".function.");
        if (inner.string("name") == nullptr) inner.reject("name", "is required");
        inner.string("description");
        inner.object("parameters");
        if (inner.error()) return inner.error();
      }
    }
    if (tool.error()) return tool.error();
  }
  return std::nullopt;
}

}  // namespace nearside::gateway
