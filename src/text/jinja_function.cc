#include "text/jinja_function.h"

#include "text/jinja_operators.h"

namespace nearside::text::jinja {

using base::Result;

const FunctionEntry* find_function(std::span<const FunctionEntry> table, std::string_view name) {
  for (const FunctionEntry& entry : table)
    if (entry.name == name) return &entry;
  return nullptr;
}

Result<Value> make_function(Budget& budget, const FunctionEntry& entry, const Value& subject) {
  auto object = std::make_unique<FunctionObject>();
  object->entry = &entry;
  object->subject = subject;
  return adopt(budget, Kind::kFunction, std::move(object), sizeof(FunctionObject), &subject, 1);
}

bool Bound::flag(std::size_t index, bool otherwise) const {
  return values_[index] == nullptr ? otherwise : is_true(*values_[index]);
}

Result<std::int64_t> Bound::integer(std::size_t index, std::int64_t otherwise) const {
  const Value* value = values_[index];
  if (value == nullptr) return otherwise;
  if (!value->is_integral())
    return type_error("'{}' object cannot be interpreted as an integer", type_name(*value));
  return value->integer();
}

Result<Bound> bind(std::string_view function, const Arguments& arguments,
                   std::initializer_list<std::string_view> parameters, std::size_t required) {
  CHECK(parameters.size() <= Bound::kParametersMax);
  Bound bound;
  if (arguments.positional.size() > parameters.size())
    return type_error("{}() takes at most {} arguments ({} given)", function, parameters.size(),
                      arguments.positional.size());
  for (std::size_t i = 0; i < arguments.positional.size(); ++i)
    bound.values_[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    std::size_t index = 0;
    while (index < parameters.size() && parameters.begin()[index] != name) ++index;
    if (index == parameters.size())
      return type_error("{}() got an unexpected keyword argument '{}'", function, name);
    if (bound.values_[index] != nullptr)
      return type_error("{}() got multiple values for argument '{}'", function, name);
    bound.values_[index] = &value;
  }
  for (std::size_t i = 0; i < required; ++i)
    if (bound.values_[i] == nullptr)
      return type_error("{}() missing required argument '{}'", function, parameters.begin()[i]);
  return bound;
}

}  // namespace nearside::text::jinja
