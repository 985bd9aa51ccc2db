#include "text/jinja_functions.h"

#include <array>
#include <ctime>

#include "text/jinja_collections.h"
#include "text/jinja_print.h"

namespace nearside::text::jinja {

using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kRangeItemsMax = 100'000;  // as Jinja's sandbox

Result<Value> range(Runtime& runtime, const Value& /*subject*/, Arguments& arguments) {
  const auto& given = arguments.positional;
  if (given.empty() || given.size() > 3 || !arguments.named.empty())
    return type_error("range expected 1 to 3 arguments, got {}", given.size());
  for (const Value& value : given) {
    if (value.is_undefined()) return undefined_error(value);
    if (!value.is_integral())
      return type_error("'{}' object cannot be interpreted as an integer", type_name(value));
  }
  auto object = std::make_unique<RangeObject>();
  object->start = given.size() > 1 ? given[0].integer() : 0;
  object->stop = given.size() > 1 ? given[1].integer() : given[0].integer();
  object->step = given.size() > 2 ? given[2].integer() : 1;
  if (object->step == 0) return value_error("range() arg 3 must not be zero");
  // Near the ends of 64 bits items and slices could not be computed.
  constexpr std::int64_t kBoundMax = INT64_C(1) << 40;
  bool countable = true;
  for (const std::int64_t bound : {object->start, object->stop, object->step})
    countable &= bound <= kBoundMax && bound >= -kBoundMax;
  if (!countable || object->size() > kRangeItemsMax)
    return fail(Code::kTooLarge, "range() gives at most {} items", kRangeItemsMax);
  return adopt(runtime.budget, Kind::kRange, std::move(object), sizeof(RangeObject), nullptr, 0);
}

// dict(mapping or pairs, name=value, ...).
Result<Value> dict(Runtime& runtime, const Value& /*subject*/, Arguments& arguments) {
  if (arguments.positional.size() > 1)
    return type_error("dict expected at most 1 argument, got {}", arguments.positional.size());
  DictBuilder builder(runtime.budget);
  if (!arguments.positional.empty()) {
    const Value& from = arguments.positional[0];
    if (from.is(Kind::kDict)) {
      for (const auto& [key, value] : from.dict().entries) TRY(builder.set(key, value));
    } else {
      const Value pairs = TRY(to_sequence(runtime.budget, from));
      for (const Value& pair : pairs.items()) {
        const Value parts = TRY(to_sequence(runtime.budget, pair));
        if (parts.items().size() != 2)
          return value_error("dictionary update sequence element has length {}; 2 is required",
                             parts.items().size());
        TRY(builder.set(parts.items()[0], parts.items()[1]));
      }
    }
  }
  for (const auto& [name, value] : arguments.named) {
    Value key = TRY(make_string(runtime.budget, name));
    TRY(builder.set(std::move(key), value));
  }
  return builder.build();
}

Result<Value> new_namespace(Runtime& runtime, const Value& subject, Arguments& arguments) {
  const Value members = TRY(dict(runtime, subject, arguments));
  auto object = std::make_unique<NamespaceObject>();
  for (const auto& [key, value] : members.dict().entries)
    if (key.is_string()) object->members.emplace_back(std::string(key.text()), value);
  // Members may be replaced later by values of any depth; the interpreter takes namespaces apart
  // one by one, so their nesting does not count.
  const std::size_t bytes =
      sizeof(NamespaceObject) + object->members.capacity() * sizeof(object->members[0]);
  Value made = TRY(adopt(runtime.budget, Kind::kNamespace, std::move(object), bytes, nullptr, 0));
  runtime.keep_namespace(made);
  return made;
}

Result<Value> new_cycler(Runtime& runtime, const Value& /*subject*/, Arguments& arguments) {
  if (arguments.positional.empty()) return value_error("at least one item has to be provided");
  auto object = std::make_unique<CyclerObject>();
  object->items = std::move(arguments.positional);
  const std::vector<Value>& held = object->items;
  return adopt(runtime.budget, Kind::kCycler, std::move(object),
               sizeof(CyclerObject) + held.capacity() * sizeof(Value), held.data(), held.size());
}

Result<Value> new_joiner(Runtime& runtime, const Value& /*subject*/, Arguments& arguments) {
  const Bound bound = TRY(bind("joiner", arguments, {"sep"}));
  auto object = std::make_unique<JoinerObject>();
  object->separator = bound[0] == nullptr ? ", " : TRY(to_str(runtime.budget, *bound[0]));
  const std::size_t bytes = sizeof(JoinerObject) + object->separator.capacity();
  return adopt(runtime.budget, Kind::kJoiner, std::move(object), bytes, nullptr, 0);
}

Result<Value> raise_exception(Runtime& runtime, const Value& /*subject*/, Arguments& arguments) {
  const Bound bound = TRY(bind("raise_exception", arguments, {"message"}, 1));
  constexpr std::size_t kMessageBytesMax = 2000;  // it goes into logs and replies
  std::string message = TRY(to_str(runtime.budget, *bound[0]));
  if (message.size() > kMessageBytesMax) message.resize(kMessageBytesMax);
  return base::Error{Code::kInvalidArgument, std::move(message)};
}

// The time of the request, in UTC: a prompt must not depend on where the server stands.
Result<Value> format_now(Runtime& runtime, const Value& /*subject*/, Arguments& arguments) {
  const Bound bound = TRY(bind("strftime_now", arguments, {"format"}, 1));
  if (!bound[0]->is_string()) return type_error("strftime_now() argument must be str");
  const std::string format(bound[0]->text());
  constexpr std::size_t kFormatBytesMax = 512;
  if (format.size() > kFormatBytesMax)
    return fail(Code::kTooLarge, "strftime_now() takes formats of at most {} bytes",
                kFormatBytesMax);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(runtime.now);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  // A directive makes at most some forty bytes of two; widths such as %999d are glibc's own and
  // overflow the buffer, which gives an empty text.
  std::array<char, kFormatBytesMax * 24> buffer{};
  const std::size_t length =
      format.empty() ? 0 : std::strftime(buffer.data(), buffer.size(), format.c_str(), &parts);
  return make_string(runtime.budget, std::string(buffer.data(), length));
}

constexpr std::array kFunctions{
    FunctionEntry{"cycler", new_cycler},
    FunctionEntry{"dict", dict},
    FunctionEntry{"joiner", new_joiner},
    FunctionEntry{"namespace", new_namespace},
    FunctionEntry{"raise_exception", raise_exception},
    FunctionEntry{"range", range},
    FunctionEntry{"strftime_now", format_now},
};

}  // namespace

const FunctionEntry* find_global_function(std::string_view name) {
  return find_function(kFunctions, name);
}

}  // namespace nearside::text::jinja
