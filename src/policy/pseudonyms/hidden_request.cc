#include "policy/pseudonyms/hidden_request.h"

#include <functional>
#include <utility>

#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"
#include "policy/document.h"
#include "policy/pseudonyms/pseudonymizer.h"

namespace nearside::policy {

namespace {

namespace json = base::json;
using base::Code;
using base::fail;

/// Replacing changes what stands around a name, and so may uncover another.
constexpr int kRoundsMax = 4;

/// What to do with a text: its replacement. Names of fields (`is_name`) are words alone, in which
/// the tagger would see people ("enum").
using Edit = std::function<base::Result<std::string>(std::string_view text, bool is_name)>;

/// "additionalProperties", "$ref", "line_2": no space, no @, hardly a digit.
bool is_field_name(std::string_view key) {
  std::size_t digits = 0;
  for (const char c : key) {
    if (is_digit(c)) ++digits;
    if (!is_alnum(c) && c != '_' && c != '$' && c != '-') return false;
  }
  return digits <= 2;
}

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

/// Every text of a request that can be replaced, once.
class Editor {
 public:
  explicit Editor(const Edit& edit) : edit_(edit) {}

  base::Status request(chat::Request& request) {
    for (json::value& one : request.messages) TRY(message(one));
    in_schema_ = true;
    for (json::value& tool : request.tools) TRY(call(tool));
    in_schema_ = false;
    for (auto& extra : request.template_extra) TRY(value(extra.value()));
    TRY(text(request.prompt));
    for (std::string& stop : request.stop) TRY(text(stop));
    TRY(text(request.begun));
    return format(request.format);
  }

 private:
  base::Status message(json::value& message) {
    json::object* object = message.if_object();
    if (object == nullptr) return value(message);
    // A speaker's name says who it is and may not hold brackets.
    object->erase("name");
    for (auto& member : *object) {
      if (member.key() == "role" || member.key() == "tool_call_id") continue;
      json::array* calls = member.key() == "tool_calls" ? member.value().if_array() : nullptr;
      if (calls == nullptr) {
        TRY(value(member.value()));
        continue;
      }
      for (json::value& one : *calls) TRY(call(one));
    }
    return {};
  }

  /// A tool call or a tool's definition.
  base::Status call(json::value& call) {
    json::object* object = call.if_object();
    if (object == nullptr) return value(call);
    for (auto& member : *object) {
      if (member.key() == "id" || member.key() == "type") continue;
      json::object* function = member.key() == "function" ? member.value().if_object() : nullptr;
      if (function == nullptr) {
        TRY(value(member.value()));
        continue;
      }
      for (auto& part : *function) TRY(function_part(part));
    }
    return {};
  }

  /// A function's name stays: it is an identifier that the answer must give back.
  base::Status function_part(json::key_value_pair& part) {
    if (part.key() == "name") return {};
    json::string* string = part.value().if_string();
    return part.key() == "arguments" && string != nullptr ? arguments(*string)
                                                          : value(part.value());
  }

  base::Status text(std::string& text) {
    if (!text.empty()) text = TRY(edit_(text, false));
    return {};
  }

  base::Status value(json::value& value) {
    if (json::string* string = value.if_string()) {
      const std::string edited =
          TRY(edit_(view(*string), in_schema_ && is_field_name(view(*string))));
      if (edited != view(*string)) string->assign(edited);
    } else if (json::array* array = value.if_array()) {
      for (json::value& item : *array) TRY(this->value(item));
    } else if (json::object* object = value.if_object()) {
      TRY(members(*object));
    } else if (value.is_int64() || value.is_uint64()) {
      // A card or telephone number may well be a JSON number; its placeholder is a string.
      const std::string digits = json::serialize(value);
      const std::string edited = TRY(edit_(digits, false));
      if (edited != digits) value = edited;
    }
    return {};
  }

  base::Status members(json::object& object) {
    json::object edited;
    for (auto& member : object) {
      if (!is_protocol_word(member)) TRY(value(member.value()));
      // Keys too: somebody may file things under people's addresses.
      const std::string key = TRY(edit_(member.key(), is_field_name(member.key())));
      edited[key] = std::move(member.value());
    }
    object = std::move(edited);
    return {};
  }

  /// JSON inside a string: replaced where it is decoded, since escapes hide nothing there.
  base::Status arguments(json::string& text) {
    auto parsed = base::parse_json(view(text));
    if (!parsed || parsed->is_string()) {
      const std::string edited = TRY(edit_(view(text), false));
      text.assign(edited);
      return {};
    }
    TRY(value(*parsed));
    text.assign(json::serialize(*parsed));
    return {};
  }

  base::Status format(chat::AnswerFormat& format) {
    if (format.kind != chat::AnswerFormat::Kind::kJsonSchema) return {};
    auto schema = base::parse_json(format.text);
    if (!schema) return text(format.text);
    in_schema_ = true;
    TRY(value(*schema));
    in_schema_ = false;
    format.text = json::serialize(*schema);
    return {};
  }

  const Edit& edit_;
  bool in_schema_ = false;  // where a single word names a field or type ("required": ["to"])
};

void add_string(const json::object& object, std::string_view key, std::vector<std::string>& out) {
  const json::value* value = object.if_contains(key);
  if (value != nullptr && value->is_string()) out.emplace_back(view(value->get_string()));
}

/// What is not edited: names of functions and ids, which the answer and later messages must give
/// back, and formats that a bracket would change.
std::vector<std::string> fixed_texts(const chat::Request& request) {
  std::vector<std::string> out = {request.format.name, json::serialize(request.tool_choice)};
  if (request.format.kind != chat::AnswerFormat::Kind::kJsonSchema)
    out.push_back(request.format.text);
  const auto take = [&out](const json::value& call) {
    if (!call.is_object()) return;
    add_string(call.get_object(), "id", out);
    const json::value* function = call.get_object().if_contains("function");
    if (function != nullptr && function->is_object())
      add_string(function->get_object(), "name", out);
  };
  for (const json::value& tool : request.tools) take(tool);
  for (const json::value& message : request.messages) {
    if (!message.is_object()) continue;
    add_string(message.get_object(), "tool_call_id", out);
    const json::value* calls = message.get_object().if_contains("tool_calls");
    if (calls == nullptr || !calls->is_array()) continue;
    for (const json::value& call : calls->get_array()) take(call);
  }
  return out;
}

/// Those that look for shapes: the tagger has nothing to say about words without a sentence.
std::vector<std::string> without_tagged(std::vector<std::string> detectors) {
  for (const Detector& tagged : tagged_detectors()) std::erase(detectors, tagged.name);
  return detectors;
}

base::Status edit_texts(chat::Request& request, const Edit& edit) {
  return Editor(edit).request(request);
}

/// Whether a value of the table stands anywhere in what is to be sent.
bool any_value_left(const chat::Request& request, const PseudonymTable& table) {
  const auto has_value = [&table](std::string_view text) { return table.replace(text) != text; };
  const Conversation conversation = Conversation::of(request);
  for (const Document& document : conversation.documents())
    if (has_value(document.text)) return true;
  return has_value(json::serialize(request.messages)) ||
         has_value(json::serialize(request.tools)) ||
         has_value(json::serialize(request.tool_choice)) || has_value(request.format.text) ||
         has_value(request.format.name) || has_value(request.reasoning_effort);
}

}  // namespace

std::string why_not_hidden(const chat::Request& request) {
  if (request.kind == chat::Request::Kind::kEmbedding) return "vectors of placeholders say nothing";
  if (request.logprobs) return "log-probabilities would be those of placeholders";
  return {};
}

base::Result<HiddenRequest> hide(const Labeler& labeler, const PseudonymRule& rule,
                                 chat::Request request) {
  if (const std::string why = why_not_hidden(request); !why.empty())
    return fail(Code::kUnsupported, "personal values cannot be replaced: {}", why);
  request.original.clear();
  request.original_text.clear();
  request.original_dialect.clear();

  const auto table = std::make_shared<PseudonymTable>();
  const Pseudonymizer pseudonymizer(labeler, rule.detectors);
  std::size_t found = 0;
  const Edit avoid = [&](std::string_view text, bool) -> base::Result<std::string> {
    table->avoid(text);
    return std::string(text);
  };
  const Edit learn = [&](std::string_view text, bool is_name) -> base::Result<std::string> {
    if (!is_name) found += TRY(pseudonymizer.learn(text, *table));
    return std::string(text);
  };
  const Edit replace = [&](std::string_view text, bool) -> base::Result<std::string> {
    return table->replace(text);
  };
  TRY(edit_texts(request, avoid));
  // The last round finds nothing: it is the proof.
  for (int round = 0;; ++round) {
    found = 0;
    TRY(edit_texts(request, learn));
    if (found == 0) break;
    if (round == kRoundsMax)
      return fail(Code::kUnsupported, "a personal value is still found after {} replacements",
                  kRoundsMax);
    TRY(edit_texts(request, replace));
  }
  PseudonymTable of_fixed;
  const Pseudonymizer by_shape(labeler, without_tagged(rule.detectors));
  for (const std::string& fixed : fixed_texts(request))
    found += TRY(by_shape.learn(fixed, of_fixed));
  if (found != 0 || any_value_left(request, *table))
    return fail(Code::kUnsupported,
                "a personal value stands where no placeholder may, such as in a tool's name");
  return HiddenRequest{std::move(request), table};
}

}  // namespace nearside::policy
