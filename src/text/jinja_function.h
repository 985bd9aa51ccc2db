// What a filter, a test, a method or a global function is: a name and a C++ function.
//
// Growth: a new one is one function plus one line in the table of its file: jinja_*_filters.cc,
// jinja_tests.cc, jinja_*_methods.cc, jinja_functions.cc.
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "text/jinja_value.h"

namespace nearside::text::jinja {

/// What a call hands over.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

/// What functions may use of the rendering they are called in.
class Runtime {
 public:
  explicit Runtime(Budget& runtime_budget, base::WallTime runtime_now)
      : budget(runtime_budget), now(runtime_now) {}
  virtual ~Runtime() = default;
  Budget& budget;
  const base::WallTime now;
  /// Macros, built-in functions, loops.
  virtual base::Result<Value> call(const Value& callee, Arguments& arguments) = 0;
  /// Emptied when the rendering ends, as namespaces can hold themselves.
  virtual void keep_namespace(const Value& space) = 0;
};

/// `subject` is the filtered or tested value, or what a method belongs to; undefined for globals.
using Function = base::Result<Value> (*)(Runtime& runtime, const Value& subject,
                                         Arguments& arguments);

struct FunctionEntry {
  std::string_view name;
  Function call;
};

/// Null where absent. Tables are short; looked up at parsing or for methods.
const FunctionEntry* find_function(std::span<const FunctionEntry> table, std::string_view name);

/// A method with its value, or a global function.
struct FunctionObject final : Object {
  const FunctionEntry* entry = nullptr;
  Value subject;
};
base::Result<Value> make_function(Budget& budget, const FunctionEntry& entry, const Value& subject);

/// Arguments by Python's rules matched with parameter names; null where none was given.
class Bound {
 public:
  static constexpr std::size_t kParametersMax = 8;
  [[nodiscard]] const Value* operator[](std::size_t index) const { return values_[index]; }
  /// The truth of an argument, or `otherwise` where none was given. For plain flags.
  [[nodiscard]] bool flag(std::size_t index, bool otherwise) const;
  /// Errors: kInvalidArgument (given, but not an integer).
  [[nodiscard]] base::Result<std::int64_t> integer(std::size_t index, std::int64_t otherwise) const;

 private:
  friend base::Result<Bound> bind(std::string_view, const Arguments&,
                                  std::initializer_list<std::string_view>, std::size_t);
  std::array<const Value*, kParametersMax> values_{};
};

/// The result points into `arguments`. Errors: kInvalidArgument (too many, unknown, given twice, or
/// one of the first `required` missing).
base::Result<Bound> bind(std::string_view function, const Arguments& arguments,
                         std::initializer_list<std::string_view> parameters,
                         std::size_t required = 0);

}  // namespace nearside::text::jinja
