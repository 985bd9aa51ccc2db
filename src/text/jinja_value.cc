#include "text/jinja_value.h"

#include <algorithm>
#include <memory>

namespace nearside::text::jinja {

using base::Result;

std::string_view Value::text() const { return as<StringObject>().text; }

bool Value::is_markup() const { return is_string() && as<StringObject>().markup; }

const std::vector<Value>& Value::items() const { return as<SequenceObject>().items; }

const DictObject& Value::dict() const { return as<DictObject>(); }

const Value* DictObject::find(std::string_view key) const {
  if (entries.size() > kIndexedFrom) {
    const auto found = index.find(key);
    return found == index.end() ? nullptr : &entries[found->second].second;
  }
  for (const auto& [name, value] : entries)
    if (name.is_string() && name.text() == key) return &value;
  return nullptr;
}

std::size_t RangeObject::size() const {
  if (step > 0 && start < stop) return static_cast<std::size_t>((stop - start - 1) / step) + 1;
  if (step < 0 && start > stop) return static_cast<std::size_t>((start - stop - 1) / -step) + 1;
  return 0;
}

std::string UndefinedObject::message() const {
  if (!hint.empty()) return hint;
  if (owner_type.empty())
    return name.is_string() ? fmt::format("'{}' is undefined", name.text())
                            : std::string("the value is undefined");
  if (name.is_string()) return fmt::format("'{}' has no attribute '{}'", owner_type, name.text());
  if (name.is_integral()) return fmt::format("{} has no element {}", owner_type, name.integer());
  return fmt::format("{} has no such element", owner_type);
}

Result<Value> adopt(Budget& budget, Kind kind, std::unique_ptr<Object> object, std::size_t bytes,
                    const Value* children, std::size_t children_count) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < children_count; ++i) depth = std::max(depth, children[i].depth());
  TRY(budget.check_depth(depth + 1));
  TRY(budget.hold(bytes));
  object->budget = &budget;
  object->held_bytes = bytes;
  object->depth = static_cast<std::uint32_t>(depth + 1);
  return Value::object(kind, object.release());
}

Result<Value> make_string(Budget& budget, std::string text, bool markup) {
  TRY(budget.charge_text(text.size()));
  auto object = std::make_unique<StringObject>();
  const std::size_t bytes = sizeof(StringObject) + text.capacity();
  object->text = std::move(text);
  object->markup = markup;
  return adopt(budget, Kind::kString, std::move(object), bytes, nullptr, 0);
}

namespace {
Result<Value> make_sequence(Budget& budget, Kind kind, std::vector<Value> items) {
  auto object = std::make_unique<SequenceObject>();
  object->items = std::move(items);
  const std::vector<Value>& held = object->items;
  TRY(budget.charge_items(held.size()));
  return adopt(budget, kind, std::move(object),
               sizeof(SequenceObject) + held.capacity() * sizeof(Value), held.data(), held.size());
}
}  // namespace

Result<Value> make_list(Budget& budget, std::vector<Value> items) {
  return make_sequence(budget, Kind::kList, std::move(items));
}

Result<Value> make_tuple(Budget& budget, std::vector<Value> items) {
  return make_sequence(budget, Kind::kTuple, std::move(items));
}

Result<Value> make_pair(Budget& budget, Value first, Value second) {
  std::vector<Value> items;
  items.reserve(2);
  items.push_back(std::move(first));
  items.push_back(std::move(second));
  return make_tuple(budget, std::move(items));
}

Result<Value> make_dict(Budget& budget, std::vector<std::pair<Value, Value>> entries) {
  TRY(budget.charge_items(entries.size()));
  std::size_t bytes = sizeof(DictObject) + entries.capacity() * sizeof(entries[0]);
  std::size_t depth = 0;
  for (const auto& [key, value] : entries) depth = std::max({depth, key.depth(), value.depth()});
  TRY(budget.check_depth(depth + 1));
  auto object = std::make_unique<DictObject>();
  object->entries = std::move(entries);
  if (object->entries.size() > DictObject::kIndexedFrom) {
    constexpr std::size_t kIndexNodeBytes = 64;
    bytes += object->entries.size() * kIndexNodeBytes;
    for (std::size_t i = 0; i < object->entries.size(); ++i)
      if (object->entries[i].first.is_string())
        object->index.emplace(object->entries[i].first.text(), i);
  }
  Value dict = TRY(adopt(budget, Kind::kDict, std::move(object), bytes, nullptr, 0));
  dict.object()->depth = static_cast<std::uint32_t>(depth + 1);
  return dict;
}

Result<Value> make_iterator(Budget& budget, std::vector<Value> items,
                            std::optional<base::Error> error, const char* type) {
  TRY(budget.charge_items(items.size()));
  auto object = std::make_unique<IteratorObject>();
  object->items = std::move(items);
  object->error = std::move(error);
  object->type = type;
  const std::vector<Value>& held = object->items;
  return adopt(budget, Kind::kIterator, std::move(object),
               sizeof(IteratorObject) + held.capacity() * sizeof(Value), held.data(), held.size());
}

namespace {
// How Python's error messages call the owner of a missing member.
std::string owner_name(const Value& owner) {
  switch (owner.kind()) {
    case Kind::kNone:
      return "None";
    case Kind::kNamespace:
      return "jinja2.utils.Namespace object";
    case Kind::kLoop:
      return "jinja2.runtime.LoopContext object";
    default:
      return fmt::format("{} object", type_name(owner));
  }
}

Result<Value> adopt_undefined(Budget& budget, std::unique_ptr<UndefinedObject> object) {
  const std::size_t bytes = sizeof(UndefinedObject) + object->hint.capacity();
  return adopt(budget, Kind::kUndefined, std::move(object), bytes, nullptr, 0);
}
}  // namespace

Result<Value> make_undefined_name(Budget& budget, const Value& name) {
  auto object = std::make_unique<UndefinedObject>();
  object->name = name;
  return adopt_undefined(budget, std::move(object));
}

Result<Value> make_undefined_member(Budget& budget, const Value& owner, const Value& name) {
  auto object = std::make_unique<UndefinedObject>();
  if (name.is_string() || name.is_integral()) object->name = name;
  object->owner_type = owner_name(owner);
  return adopt_undefined(budget, std::move(object));
}

Result<Value> make_undefined(Budget& budget, std::string hint, bool forbidden) {
  auto object = std::make_unique<UndefinedObject>();
  object->hint = std::move(hint);
  object->forbidden = forbidden;
  return adopt_undefined(budget, std::move(object));
}

const char* type_name(const Value& value) {
  switch (value.kind()) {
    case Kind::kUndefined:
      return "Undefined";
    case Kind::kNone:
      return "NoneType";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kString:
      return value.is_markup() ? "Markup" : "str";
    case Kind::kList:
      return "list";
    case Kind::kTuple:
      return "tuple";
    case Kind::kDict:
      return "dict";
    case Kind::kRange:
      return "range";
    case Kind::kView:
      switch (value.as<ViewObject>().of) {
        case ViewObject::Of::kKeys:
          return "dict_keys";
        case ViewObject::Of::kValues:
          return "dict_values";
        case ViewObject::Of::kItems:
          return "dict_items";
      }
      return "dict_items";
    case Kind::kIterator:
      return value.as<IteratorObject>().type;
    case Kind::kNamespace:
      return "Namespace";
    case Kind::kMacro:
      return "Macro";
    case Kind::kFunction:
      return "builtin_function_or_method";
    case Kind::kLoop:
      return "LoopContext";
    case Kind::kCycler:
      return "Cycler";
    case Kind::kJoiner:
      return "Joiner";
  }
  return "object";
}

base::Error undefined_error(const Value& value) {
  if (!value.is_undefined() || value.object() == nullptr)
    return base::fail(base::Code::kInvalidArgument, "UndefinedError: the value is undefined");
  const auto& undefined = value.as<UndefinedObject>();
  return base::fail(base::Code::kInvalidArgument, "{}: {}",
                    undefined.forbidden ? "SecurityError" : "UndefinedError", undefined.message());
}

}  // namespace nearside::text::jinja
