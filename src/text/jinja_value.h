// The values a template computes with: Python's, as far as chat templates can see them.
//
// Dicts never change once made and lists only lose items (pop, clear): the sandbox that model tools
// use forbids the rest. So values share them freely, and nesting never grows after the making. Only
// namespaces and loops change; the interpreter empties those when a rendering ends, because through
// them values can form cycles that reference counts cannot free.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/result.h"
#include "text/jinja_budget.h"

namespace nearside::text::jinja {

enum class Kind : std::uint8_t {
  kUndefined,
  kNone,
  kBool,
  kInt,  // 64 bits; Python's larger ones are refused where they would arise
  kFloat,
  kString,
  kList,
  kTuple,
  kDict,
  kRange,
  kView,      // what dict.items(), keys() and values() give
  kIterator,  // a generator: its items can be taken once
  kNamespace,
  kMacro,
  kFunction,  // built in, possibly bound to a value: "a".upper
  kLoop,
  kCycler,
  kJoiner,
};

/// What a Value points at. Constants of a parsed template have no budget: they are shared between
/// renderings and threads, live as long as the template, and their references are not counted.
struct Object {
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() {
    if (budget != nullptr) budget->release(held_bytes);
  }
  Budget* budget = nullptr;
  std::size_t held_bytes = 0;
  std::uint32_t references = 0;
  std::uint32_t depth = 1;  // nesting of values below and including this one
};

struct StringObject;
struct SequenceObject;
struct DictObject;

/// 16 bytes; copying counts a reference. Not thread-safe, but for constants.
class Value {
 public:
  Value() : kind_(Kind::kUndefined), data_{.object = nullptr} {}
  Value(const Value& other) : kind_(other.kind_), data_(other.data_) { retain(); }
  Value(Value&& other) noexcept : kind_(other.kind_), data_(other.data_) {
    other.kind_ = Kind::kUndefined;
    other.data_.object = nullptr;
  }
  Value& operator=(const Value& other) {
    Value copy(other);
    swap(copy);
    return *this;
  }
  Value& operator=(Value&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Value() { release(); }

  static Value none() { return Value(Kind::kNone, Data{.object = nullptr}); }
  static Value boolean(bool value) { return Value(Kind::kBool, Data{.boolean = value}); }
  static Value integer(std::int64_t value) { return Value(Kind::kInt, Data{.integer = value}); }
  static Value real(double value) { return Value(Kind::kFloat, Data{.real = value}); }
  /// Takes a reference to the object; `kind` says which type it is.
  static Value object(Kind kind, Object* object) {
    Value value(kind, Data{.object = object});
    value.retain();
    return value;
  }

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is(Kind kind) const { return kind_ == kind; }
  [[nodiscard]] bool is_undefined() const { return kind_ == Kind::kUndefined; }
  [[nodiscard]] bool is_none() const { return kind_ == Kind::kNone; }
  [[nodiscard]] bool is_string() const { return kind_ == Kind::kString; }
  /// bool, int or float: Python counts with all three.
  [[nodiscard]] bool is_number() const {
    return kind_ == Kind::kBool || kind_ == Kind::kInt || kind_ == Kind::kFloat;
  }
  [[nodiscard]] bool is_integral() const { return kind_ == Kind::kBool || kind_ == Kind::kInt; }

  [[nodiscard]] bool boolean() const { return data_.boolean; }
  /// REQUIRES: is_integral().
  [[nodiscard]] std::int64_t integer() const {
    return kind_ == Kind::kBool ? static_cast<std::int64_t>(data_.boolean) : data_.integer;
  }
  /// REQUIRES: is_number().
  [[nodiscard]] double real() const {
    return kind_ == Kind::kFloat ? data_.real : static_cast<double>(integer());
  }
  /// REQUIRES: is_string(). Valid while this string lives.
  [[nodiscard]] std::string_view text() const;
  [[nodiscard]] bool is_markup() const;
  [[nodiscard]] const StringObject& string() const { return as<StringObject>(); }
  /// REQUIRES: a list or tuple.
  [[nodiscard]] const std::vector<Value>& items() const;
  [[nodiscard]] const DictObject& dict() const;

  /// The object as the type that belongs to kind(). REQUIRES: an object is there.
  template <typename T>
  [[nodiscard]] T& as() const {
    return static_cast<T&>(*data_.object);
  }
  [[nodiscard]] Object* object() const { return holds_object() ? data_.object : nullptr; }
  [[nodiscard]] std::size_t depth() const { return holds_object() ? data_.object->depth : 0; }

 private:
  union Data {
    bool boolean;
    std::int64_t integer;
    double real;
    Object* object;
  };
  Value(Kind kind, Data data) : kind_(kind), data_(data) {}
  [[nodiscard]] bool holds_object() const {
    return (kind_ >= Kind::kString || kind_ == Kind::kUndefined) && data_.object != nullptr;
  }
  void retain() {
    if (holds_object() && data_.object->budget != nullptr) ++data_.object->references;
  }
  void release() {
    if (holds_object() && data_.object->budget != nullptr && --data_.object->references == 0)
      delete data_.object;
  }
  void swap(Value& other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(data_, other.data_);
  }

  Kind kind_;
  Data data_;
};

struct StringObject final : Object {
  std::string text;
  bool markup = false;  // marked by `safe` or `escape`: joining it escapes the other side
  mutable std::size_t code_points =
      SIZE_MAX;  // counted when first asked; constants have it counted
};

struct SequenceObject final : Object {  // list and tuple
  std::vector<Value> items;
  bool group = false;  // made by `groupby`: its two items are also called grouper and list
};

/// Members in the order they came. Text keys of larger dicts are found through an ordered index,
/// whose worst case an attacker cannot choose.
struct DictObject final : Object {
  std::vector<std::pair<Value, Value>> entries;
  std::map<std::string_view, std::size_t> index;  // only when entries > kIndexedFrom
  static constexpr std::size_t kIndexedFrom = 12;

  /// Null where absent.
  [[nodiscard]] const Value* find(std::string_view key) const;
};

struct UndefinedObject final : Object {
  Value name;              // of the variable, attribute or element; may be undefined
  std::string owner_type;  // empty: a variable
  std::string hint;        // says it all, if not empty
  bool forbidden = false;  // access refused by the sandbox
  [[nodiscard]] std::string message() const;
};

struct RangeObject final : Object {
  std::int64_t start = 0;
  std::int64_t stop = 0;
  std::int64_t step = 1;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] Value at(std::size_t index) const {
    return Value::integer(start + static_cast<std::int64_t>(index) * step);
  }
};

struct ViewObject final : Object {
  enum class Of : std::uint8_t { kKeys, kValues, kItems };
  Value dict;
  Of of = Of::kKeys;
};

/// Computed at once, but taken as a generator would be: an error while computing shows only when
/// somebody takes the items.
struct IteratorObject final : Object {
  std::vector<Value> items;
  std::optional<base::Error> error;
  const char* type = "generator";
};

struct NamespaceObject final : Object {
  std::vector<std::pair<std::string, Value>> members;
};

struct CyclerObject final : Object {
  std::vector<Value> items;
  std::size_t position = 0;
};

struct JoinerObject final : Object {
  std::string separator;
  bool used = false;
};

/// Each makes a value and charges it. Errors: kTooLarge.
base::Result<Value> make_string(Budget& budget, std::string text, bool markup = false);
base::Result<Value> make_list(Budget& budget, std::vector<Value> items);
base::Result<Value> make_tuple(Budget& budget, std::vector<Value> items);
base::Result<Value> make_pair(Budget& budget, Value first, Value second);
/// Keys must be distinct already (DictBuilder in jinja_collections.h sees to that).
base::Result<Value> make_dict(Budget& budget, std::vector<std::pair<Value, Value>> entries);
base::Result<Value> make_iterator(Budget& budget, std::vector<Value> items,
                                  std::optional<base::Error> error = {},
                                  const char* type = "generator");
base::Result<Value> make_undefined_name(Budget& budget, const Value& name);
base::Result<Value> make_undefined_member(Budget& budget, const Value& owner, const Value& name);
base::Result<Value> make_undefined(Budget& budget, std::string hint, bool forbidden = false);

/// Takes charge of a new object of any other type: `children` are the values it holds.
base::Result<Value> adopt(Budget& budget, Kind kind, std::unique_ptr<Object> object,
                          std::size_t bytes, const Value* children, std::size_t children_count);

/// What Python's type(value).__name__ says: "str", "NoneType", "dict_items".
const char* type_name(const Value& value);
/// The error that using an undefined value raises.
base::Error undefined_error(const Value& value);
/// Python raises TypeError: kInvalidArgument with the same words.
template <typename... Args>
base::Error type_error(fmt::format_string<Args...> format, Args&&... args) {
  return base::Error{base::Code::kInvalidArgument,
                     "TypeError: " + fmt::format(format, std::forward<Args>(args)...)};
}
template <typename... Args>
base::Error value_error(fmt::format_string<Args...> format, Args&&... args) {
  return base::Error{base::Code::kInvalidArgument,
                     "ValueError: " + fmt::format(format, std::forward<Args>(args)...)};
}

}  // namespace nearside::text::jinja
