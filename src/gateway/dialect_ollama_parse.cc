#include "gateway/dialect_ollama_parse.h"

#include <algorithm>
#include <deque>
#include <limits>

#include <fmt/format.h>

#include "gateway/dialect_openai_messages.h"
#include "gateway/dialect_openai_parse.h"
#include "gateway/needs.h"
#include "gateway/request_body.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

void read_options(JsonFields& fields, Asked& asked) {
  const json::object* options = fields.object("options");
  if (options == nullptr) return;
  JsonFields inner(*options, "options.");
  chat::Sampling& sampling = asked.request.sampling;
  read_temperature(inner, 10, sampling);
  if (const auto v = inner.number("min_p", 0, 1)) sampling.min_p = static_cast<float>(*v);
  if (const auto v = inner.number("repeat_penalty", 0.01, 10))
    sampling.repetition_penalty = static_cast<float>(*v);
  if (const auto v = inner.number("frequency_penalty", -2, 2))
    sampling.frequency_penalty = static_cast<float>(*v);
  if (const auto v = inner.number("presence_penalty", -2, 2))
    sampling.presence_penalty = static_cast<float>(*v);
  if (const auto v = inner.integer("repeat_last_n", -1, kCompletionTokensLimit))
    sampling.penalty_window_tokens = static_cast<std::uint32_t>(std::max<std::int64_t>(*v, 0));
  if (const auto v = inner.integer("seed", std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max()))
    sampling.seed = static_cast<std::uint64_t>(*v);
  // -1 and -2 mean until the end and until the context is full.
  if (const auto v = inner.integer("num_predict", -2, kCompletionTokensLimit); v && *v > 0)
    asked.request.completion_tokens_max = static_cast<std::uint32_t>(*v);
  read_stops(inner, "stop", asked.request);
  if (inner.error())
    fields.reject("options", "has a value out of range: " + inner.error()->message);
}

void read_format(JsonFields& fields, Asked& asked) {
  const json::value* format = fields.find("format");
  if (format == nullptr || (format->is_string() && format->get_string().empty())) return;
  need(asked, "response_format");
  if (*format == "json") {
    asked.request.format.kind = chat::AnswerFormat::Kind::kJsonObject;
  } else if (format->is_object()) {
    asked.request.format.kind = chat::AnswerFormat::Kind::kJsonSchema;
    asked.request.format.text = json::serialize(*format);
  } else {
    fields.reject("format", "must be \"json\" or a JSON schema");
  }
}

void read_think(JsonFields& fields, Asked& asked) {
  const json::value* think = fields.find("think");
  if (think == nullptr) return;
  if (think->is_bool())
    asked.request.reasoning_effort = think->get_bool() ? "medium" : "none";
  else
    read_effort(fields, "think", asked.request);
}

void read_common(JsonFields& fields, Asked& asked) {
  read_model(fields, asked);
  asked.stream = fields.boolean("stream").value_or(true);
  read_options(fields, asked);
  read_format(fields, asked);
  read_think(fields, asked);
}

/// The type of an image by its first bytes, which base64 shows too.
std::string_view media_type_of(std::string_view base64) {
  if (base64.starts_with("iVBOR")) return "image/png";
  if (base64.starts_with("R0lG")) return "image/gif";
  if (base64.starts_with("UklG")) return "image/webp";
  return "image/jpeg";
}

json::value content_of(std::string_view text, const json::array* images, Asked& asked) {
  if (images == nullptr || images->empty()) return json::value(text);
  need(asked, "images");
  json::array parts;
  if (!text.empty()) parts.emplace_back(text_part(text));
  for (const json::value& image : *images)
    if (image.is_string())
      parts.emplace_back(
          image_part(data_url(media_type_of(image.get_string()), image.get_string())));
  return parts;
}

/// Gives calls the ids they lack and hands them to the results that follow, in order.
class CallIds {
 public:
  json::array named(const json::array& calls) {
    json::array out;
    for (const json::value& value : calls) {
      if (!value.is_object()) continue;
      const json::value* function = value.get_object().if_contains("function");
      if (function == nullptr || !function->is_object()) continue;
      const json::value* name = function->get_object().if_contains("name");
      const json::value* arguments = function->get_object().if_contains("arguments");
      const json::value* given = value.get_object().if_contains("id");
      std::string id = given != nullptr && given->is_string() ? std::string(given->get_string())
                                                              : fmt::format("call_{}", next_++);
      out.emplace_back(json::object{
          {"id", id},
          {"type", "function"},
          {"function", json::object{{"name", name != nullptr ? *name : json::value("")},
                                    {"arguments",
                                     arguments != nullptr ? json::serialize(*arguments) : "{}"}}}});
      waiting_.push_back(std::move(id));
    }
    return out;
  }
  std::string next_result() {
    if (waiting_.empty()) return fmt::format("call_{}", next_++);
    std::string id = std::move(waiting_.front());
    waiting_.pop_front();
    return id;
  }

 private:
  std::size_t next_ = 0;
  std::deque<std::string> waiting_;
};

void read_messages(JsonFields& fields, Asked& asked) {
  const json::array* messages = fields.array("messages");
  if (messages == nullptr) return fields.reject("messages", "is required");
  if (messages->empty() || messages->size() > kMessagesMax)
    return fields.reject("messages", "must hold 1 to 10000 messages");
  CallIds ids;
  for (const json::value& value : *messages) {
    if (!value.is_object()) return fields.reject("messages", "must hold objects");
    JsonFields message(value.get_object(), "messages[].");
    const json::string* role = message.string("role");
    const json::string* content = message.string("content");
    const json::array* images = message.array("images");
    const json::array* calls = message.array("tool_calls");
    const json::string* thinking = message.string("thinking");
    const json::string* tool_call_id = message.string("tool_call_id");
    if (message.error()) return fields.reject("messages", message.error()->message);
    if (role == nullptr ||
        (*role != "system" && *role != "user" && *role != "assistant" && *role != "tool"))
      return fields.reject("messages", "must each have a role: system, user, assistant or tool");
    json::object out = make_message(
        *role, content_of(content != nullptr ? std::string_view(*content) : "", images, asked));
    if (calls != nullptr && !calls->empty()) out["tool_calls"] = ids.named(*calls);
    if (thinking != nullptr && !thinking->empty()) out["reasoning_content"] = *thinking;
    if (*role == "tool")
      out["tool_call_id"] =
          tool_call_id != nullptr ? std::string(*tool_call_id) : ids.next_result();
    asked.request.messages.emplace_back(std::move(out));
  }
}

void read_chat(JsonFields& fields, Asked& asked) {
  read_common(fields, asked);
  read_messages(fields, asked);
  if (const json::array* tools = fields.array("tools"); tools != nullptr && !tools->empty()) {
    asked.request.tools = *tools;
    need(asked, "tools");
  }
}

void read_generate(JsonFields& fields, Asked& asked) {
  read_common(fields, asked);
  const json::string* prompt = fields.string("prompt");
  const json::string* system = fields.string("system");
  const json::array* images = fields.array("images");
  if (const json::string* suffix = fields.string("suffix"); suffix != nullptr && !suffix->empty())
    need(asked, "suffix");
  for (const char* name : {"template", "context"})
    if (fields.find(name) != nullptr) need(asked, name);
  if (fields.boolean("raw").value_or(false)) {
    asked.request.kind = chat::Request::Kind::kCompletion;
    if (prompt != nullptr) asked.request.prompt = *prompt;
    return;
  }
  if (system != nullptr && !system->empty())
    asked.request.messages.emplace_back(make_message("system", *system));
  asked.request.messages.emplace_back(make_message(
      "user", content_of(prompt != nullptr ? std::string_view(*prompt) : "", images, asked)));
}

void read_embed(JsonFields& fields, Asked& asked) {
  asked.request.kind = chat::Request::Kind::kEmbedding;
  read_model(fields, asked);
  read_embedding_inputs(fields, asked);
  if (const auto dimensions = fields.integer("dimensions", 1, 65'536))
    asked.request.dimensions = static_cast<std::uint32_t>(*dimensions);
}

std::variant<Asked, ApiError> parse(std::string_view body, void (*read)(JsonFields&, Asked&)) {
  Asked asked;
  if (auto error = read_body(body, "ollama", asked)) return *std::move(error);
  JsonFields fields(asked.request.original);
  read(fields, asked);
  if (fields.error()) return *fields.error();
  if (auto error = check_tools(asked.request.tools)) return *error;
  return asked;
}

}  // namespace

std::variant<Asked, ApiError> parse_ollama_chat(std::string_view body) {
  return parse(body, read_chat);
}
std::variant<Asked, ApiError> parse_ollama_generate(std::string_view body) {
  return parse(body, read_generate);
}
std::variant<Asked, ApiError> parse_ollama_embed(std::string_view body) {
  return parse(body, read_embed);
}

}  // namespace nearside::gateway
