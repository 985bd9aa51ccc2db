#include "gateway/schema_check.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace nearside::gateway {

namespace json = base::json;

namespace {

using Violation = std::optional<std::string>;

bool is_type(const json::value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type == "integer")
    return value.is_int64() || value.is_uint64() ||
           (value.is_double() && value.get_double() == std::floor(value.get_double()));
  return true;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

class Checker {
 public:
  explicit Checker(const json::value& document) : document_(document) {}

  Violation check(const json::value& schema, const json::value& value, const std::string& path,
                  int depth) const {
    const json::object* rules = schema.if_object();
    if (rules == nullptr || depth > kSchemaCheckDepthMax) {
      if (schema.is_bool() && !schema.get_bool()) return path + ": nothing may stand here";
      return std::nullopt;
    }
    if (const json::value* reference = rules->if_contains("$ref")) {
      const json::value* target = resolve(*reference);
      return target == nullptr ? std::nullopt : check(*target, value, path, depth + 1);
    }
    if (Violation found = check_kind(*rules, value, path)) return found;
    if (Violation found = check_combined(*rules, value, path, depth)) return found;
    if (const json::object* object = value.if_object())
      return check_object(*rules, *object, path, depth);
    if (const json::array* array = value.if_array())
      return check_array(*rules, *array, path, depth);
    return check_scalar(*rules, value, path);
  }

 private:
  const json::value* resolve(const json::value& reference) const {
    if (!reference.is_string()) return nullptr;
    const std::string_view text = reference.get_string();
    const json::object* root = document_.if_object();
    for (const std::string_view place : {"$defs", "definitions"}) {
      const std::string begin = fmt::format("#/{}/", place);
      if (!text.starts_with(begin) || root == nullptr) continue;
      const json::value* defined = root->if_contains(place);
      if (defined == nullptr || !defined->is_object()) return nullptr;
      return defined->get_object().if_contains(text.substr(begin.size()));
    }
    return nullptr;
  }

  static Violation check_kind(const json::object& rules, const json::value& value,
                              const std::string& path) {
    if (const json::value* type = rules.if_contains("type")) {
      bool fits = !type->is_string() && !type->is_array();
      if (type->is_string()) fits = is_type(value, type->get_string());
      if (const json::array* types = type->if_array())
        fits = std::any_of(types->begin(), types->end(), [&](const json::value& one) {
          return one.is_string() && is_type(value, one.get_string());
        });
      if (!fits) return fmt::format("{}: wants {}", path, json::serialize(*type));
    }
    if (const json::value* constant = rules.if_contains("const"); constant && *constant != value)
      return fmt::format("{}: wants {}", path, json::serialize(*constant));
    if (const json::value* list = rules.if_contains("enum"); list != nullptr && list->is_array()) {
      const json::array& all = list->get_array();
      if (std::find(all.begin(), all.end(), value) == all.end())
        return path + ": is none of the enum";
    }
    return std::nullopt;
  }

  Violation check_combined(const json::object& rules, const json::value& value,
                           const std::string& path, int depth) const {
    if (const json::value* all = rules.if_contains("allOf"); all != nullptr && all->is_array())
      for (const json::value& one : all->get_array())
        if (Violation found = check(one, value, path, depth + 1)) return found;
    if (const json::value* any = rules.if_contains("anyOf"); any != nullptr && any->is_array()) {
      const json::array& cases = any->get_array();
      if (std::none_of(cases.begin(), cases.end(),
                       [&](const json::value& one) { return !check(one, value, path, depth + 1); }))
        return path + ": is none of anyOf";
    }
    return std::nullopt;
  }

  Violation check_object(const json::object& rules, const json::object& object,
                         const std::string& path, int depth) const {
    if (const json::value* required = rules.if_contains("required");
        required != nullptr && required->is_array())
      for (const json::value& name : required->get_array())
        if (name.is_string() && !object.contains(name.get_string()))
          return fmt::format("{}: '{}' is missing", path, std::string_view(name.get_string()));
    const json::value* given = rules.if_contains("properties");
    const json::object* properties = given == nullptr ? nullptr : given->if_object();
    const json::value* others = rules.if_contains("additionalProperties");
    const bool closed = others != nullptr && others->is_bool() && !others->get_bool() &&
                        !rules.contains("patternProperties");
    for (const auto& [name, value] : object) {
      const json::value* rule = properties == nullptr ? nullptr : properties->if_contains(name);
      const std::string inner = fmt::format("{}.{}", path, std::string_view(name));
      if (rule == nullptr && closed) return inner + ": is not in the schema";
      if (rule == nullptr) continue;
      if (Violation found = check(*rule, value, inner, depth + 1)) return found;
    }
    return std::nullopt;
  }

  Violation check_array(const json::object& rules, const json::array& array,
                        const std::string& path, int depth) const {
    const auto bound = [&](std::string_view name) -> std::optional<double> {
      const json::value* value = rules.if_contains(name);
      return value != nullptr && value->is_number() ? std::optional(value->to_number<double>())
                                                    : std::nullopt;
    };
    const auto size = static_cast<double>(array.size());
    if (const auto least = bound("minItems"); least && size < *least)
      return path + ": has too few items";
    if (const auto most = bound("maxItems"); most && size > *most)
      return path + ": has too many items";
    const json::value* items = rules.if_contains("items");
    if (items == nullptr || rules.contains("prefixItems")) return std::nullopt;
    for (std::size_t i = 0; i < array.size(); ++i)
      if (Violation found = check(*items, array[i], fmt::format("{}[{}]", path, i), depth + 1))
        return found;
    return std::nullopt;
  }

  static Violation check_scalar(const json::object& rules, const json::value& value,
                                const std::string& path) {
    const bool text = value.is_string();
    if (!text && !value.is_number()) return std::nullopt;
    const double figure =
        text ? static_cast<double>(characters(value.get_string())) : value.to_number<double>();
    const json::value* least = rules.if_contains(text ? "minLength" : "minimum");
    const json::value* most = rules.if_contains(text ? "maxLength" : "maximum");
    if (least != nullptr && least->is_number() && figure < least->to_number<double>())
      return path + ": is too small";
    if (most != nullptr && most->is_number() && figure > most->to_number<double>())
      return path + ": is too large";
    return std::nullopt;
  }

  const json::value& document_;
};

}  // namespace

std::optional<std::string> schema_violation(const json::value& schema, const json::value& value) {
  return Checker(schema).check(schema, value, "answer", 0);
}

}  // namespace nearside::gateway
