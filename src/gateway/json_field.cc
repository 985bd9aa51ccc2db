#include "gateway/json_field.h"

#include <cmath>

#include <fmt/format.h>

namespace nearside::gateway {

namespace json = base::json;

const json::value* JsonFields::find(std::string_view name) const {
  const json::value* value = object_.if_contains(name);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

std::optional<bool> JsonFields::boolean(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  reject(name, "must be true or false");
  return std::nullopt;
}

std::optional<double> JsonFields::number(std::string_view name, double least, double most) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) {
    const double number = value->to_number<double>();
    if (std::isfinite(number) && number >= least && number <= most) return number;
  }
  reject(name, fmt::format("must be a number from {} to {}", least, most));
  return std::nullopt;
}

std::optional<std::int64_t> JsonFields::integer(std::string_view name, std::int64_t least,
                                                std::int64_t most) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) {
    boost::system::error_code inexact;
    const auto number = value->to_number<std::int64_t>(inexact);
    if (!inexact && number >= least && number <= most) return number;
  }
  reject(name, fmt::format("must be a whole number from {} to {}", least, most));
  return std::nullopt;
}

const json::string* JsonFields::string(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr || value->is_string())
    return value == nullptr ? nullptr : &value->get_string();
  reject(name, "must be a string");
  return nullptr;
}

const json::array* JsonFields::array(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr || value->is_array())
    return value == nullptr ? nullptr : &value->get_array();
  reject(name, "must be an array");
  return nullptr;
}

const json::object* JsonFields::object(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr || value->is_object())
    return value == nullptr ? nullptr : &value->get_object();
  reject(name, "must be an object");
  return nullptr;
}

void JsonFields::reject(std::string_view name, std::string_view complaint) {
  if (error_) return;
  const std::string param = prefix_ + std::string(name);
  error_ = invalid_field(param, fmt::format("'{}' {}", param, complaint));
}

}  // namespace nearside::gateway
