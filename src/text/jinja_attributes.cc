#include "text/jinja_attributes.h"

#include <algorithm>

#include "text/jinja_collections.h"
#include "text/jinja_literal.h"
#include "text/jinja_loop.h"
#include "text/jinja_macro.h"
#include "text/jinja_methods.h"

namespace nearside::text::jinja {

using base::Result;

namespace {

// What is found by name besides members of dicts; empty where nothing is.
Result<std::optional<Value>> attribute(Runtime& runtime, const Value& owner, const Value& name) {
  const std::string_view text = name.text();
  if (text.starts_with("__") || is_forbidden_method(owner, text))
    return std::optional<Value>(TRY(make_undefined(
        runtime.budget,
        fmt::format("access to attribute '{}' of '{}' object is unsafe.", text, type_name(owner)),
        true)));
  if (owner.is(Kind::kNamespace)) {
    for (const auto& [member, value] : owner.as<NamespaceObject>().members)
      if (member == text) return std::optional<Value>(value);
  } else if (owner.is(Kind::kLoop)) {
    auto found = TRY(loop_attribute(runtime, owner, text));
    if (found) return found;
  } else if (owner.is(Kind::kMacro) && text == "name") {
    return std::optional<Value>(
        TRY(make_string(runtime.budget, owner.as<MacroObject>().definition->name)));
  } else if (owner.is(Kind::kTuple) && owner.as<SequenceObject>().group) {
    if (text == "grouper") return std::optional<Value>(owner.items()[0]);
    if (text == "list") return std::optional<Value>(owner.items()[1]);
  } else if (owner.is(Kind::kCycler) && text == "current") {
    const auto& cycler = owner.as<CyclerObject>();
    return std::optional<Value>(cycler.items[cycler.position]);
  }
  if (const FunctionEntry* const method = find_method(owner, text); method != nullptr)
    return std::optional<Value>(TRY(make_function(runtime.budget, *method, owner)));
  return std::optional<Value>();
}

// Of a list, tuple, range or text by number; empty past its ends.
Result<std::optional<Value>> element(Runtime& runtime, const Value& owner, std::int64_t index) {
  const auto size = static_cast<std::int64_t>(TRY(length(owner)));
  if (index < 0) index += size;
  if (index < 0 || index >= size) return std::optional<Value>();
  const auto at = static_cast<std::size_t>(index);
  if (owner.is_string())
    return std::optional<Value>(TRY(text_part(runtime.budget, owner, at, at + 1)));
  if (owner.is(Kind::kRange)) return std::optional<Value>(owner.as<RangeObject>().at(at));
  return std::optional<Value>(owner.items()[at]);
}

}  // namespace

Result<Value> get_attribute(Runtime& runtime, const Value& owner, const Value& name) {
  if (owner.is_undefined()) return undefined_error(owner);
  auto found = TRY(attribute(runtime, owner, name));
  if (found) return std::move(*found);
  if (owner.is(Kind::kDict))
    if (const Value* const member = owner.dict().find(name.text()); member != nullptr)
      return *member;
  return make_undefined_member(runtime.budget, owner, name);
}

Result<Value> get_item(Runtime& runtime, const Value& owner, const Value& key) {
  switch (owner.kind()) {
    case Kind::kUndefined:
      return undefined_error(owner);
    case Kind::kDict: {
      const auto found = find_in_dict(runtime.budget, owner.dict(), key);
      if (!found && found.error().code != base::Code::kInvalidArgument) return found.error();
      if (found && *found != nullptr) return **found;
      break;
    }
    case Kind::kString:
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kRange:
      if (key.is_integral()) {
        auto found = TRY(element(runtime, owner, key.integer()));
        if (found) return std::move(*found);
      }
      break;
    default:
      break;
  }
  if (key.is_string()) {
    auto found = TRY(attribute(runtime, owner, key));
    if (found) return std::move(*found);
  }
  return make_undefined_member(runtime.budget, owner, key);
}

Result<Value> get_path(Runtime& runtime, const Value& owner, const Value& path) {
  if (path.is_none()) return owner;
  if (!path.is_string()) return get_item(runtime, owner, path);
  Value value = owner;
  std::string_view rest = path.text();
  while (true) {
    const std::size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    const bool digits = !part.empty() && std::all_of(part.begin(), part.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
    bool too_large = false;
    const auto index = digits ? parse_integer(part, 10, too_large) : std::nullopt;
    const Value key =
        index ? Value::integer(*index) : TRY(make_string(runtime.budget, std::string(part)));
    value = TRY(get_item(runtime, value, key));
    if (dot == std::string_view::npos) return value;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace nearside::text::jinja
