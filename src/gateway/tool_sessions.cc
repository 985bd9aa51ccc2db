#include "gateway/tool_sessions.h"

#include <functional>

#include "base/json.h"

namespace nearside::gateway {

namespace json = base::json;

namespace {

std::string_view text_in(const json::object& fields, std::string_view name) {
  const json::value* value = fields.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

/// Empty when the call has no id: a piece that goes on with one.
std::optional<std::uint64_t> key_of(const std::string& tenant, const json::value& call) {
  const json::object* fields = call.if_object();
  if (fields == nullptr) return std::nullopt;
  const std::string_view id = text_in(*fields, "id");
  const json::value* function = fields->if_contains("function");
  if (id.empty() || function == nullptr || !function->is_object()) return std::nullopt;
  std::string all = tenant;
  all.append(1, '\0').append(id).append(1, '\0').append(text_in(function->get_object(), "name"));
  return std::hash<std::string>()(all);
}

}  // namespace

void ToolSessions::called(const std::string& tenant, const std::string& target,
                          std::string_view tool_calls_json, base::SteadyTime now) {
  // Most pieces are a few bytes of arguments.
  if (tool_calls_json.find("\"id\"") == std::string_view::npos) return;
  const auto calls = base::parse_json(tool_calls_json);
  if (!calls || !calls->is_array()) return;
  for (const json::value& call : calls->get_array()) {
    const auto key = key_of(tenant, call);
    if (!key) continue;
    const std::scoped_lock lock(mutex_);
    if (calls_.insert_or_assign(*key, Call{target, now}).second) order_.push_back(*key);
    if (order_.size() > kCallsMax) {
      calls_.erase(order_.front());
      order_.pop_front();
    }
  }
}

std::string ToolSessions::target_of(const std::string& tenant, const chat::Request& request,
                                    base::SteadyTime now) const {
  const json::array& messages = request.messages;
  // The results stand at the end, right behind the message that called.
  std::size_t at = messages.size();
  const auto role_of = [&](std::size_t index) {
    const json::object* fields = messages[index].if_object();
    return fields == nullptr ? std::string_view() : text_in(*fields, "role");
  };
  while (at > 0 && role_of(at - 1) == "tool") --at;
  if (at == messages.size() || at == 0 || role_of(at - 1) != "assistant") return "";
  const json::value* calls = messages[at - 1].get_object().if_contains("tool_calls");
  if (calls == nullptr || !calls->is_array()) return "";
  for (const json::value& call : calls->get_array()) {
    const auto key = key_of(tenant, call);
    if (!key) continue;
    const std::scoped_lock lock(mutex_);
    const auto found = calls_.find(*key);
    if (found != calls_.end() && now - found->second.made <= kKept) return found->second.target;
  }
  return "";
}

}  // namespace nearside::gateway
