// Errors as values: Result<T>, Status, and TRY to pass an error up.
//
// The member names are those of C++23's std::expected, so that an alias can replace this class;
// until then it adds what std::expected lacks: dropping one is a warning ([[nodiscard]] on the
// class).
#pragma once

#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/check.h"

namespace nearside::base {

/// What kind of thing went wrong; decides how a caller reacts (retry, refuse, report). The sentence
/// is in the message.
enum class Code {
  kInvalidArgument,  // the caller's input is wrong and will stay wrong
  kNotFound,
  kCorrupt,        // bytes from outside break their format
  kUnsupported,    // well-formed, but not something we do
  kTooLarge,       // past a stated bound
  kContextLength,  // prompt plus reply exceed the model's context
  kPermission,     // authenticated, but not allowed
  kUnauthenticated,
  kExhausted,    // a queue, budget or pool is full; later may work
  kUnavailable,  // the other side is down; later or elsewhere may work
  kDeadline,
  kCancelled,
  kIo,        // the operating system refused
  kInternal,  // our own fault
};

/// The code's name in lower snake case, as used in logs and JSON.
const char* code_name(Code code);

/// What went wrong, where, and what would fix it, in one sentence a stranger can act on.
struct Error {
  Code code = Code::kInternal;
  std::string message;

  /// The same error seen from further out: "context: message".
  [[nodiscard]] Error with_context(std::string_view context) && {
    message = fmt::format("{}: {}", context, message);
    return std::move(*this);
  }
};

/// fail(Code::kCorrupt, "tensor {} ends past the file", name): an Error ready to return.
template <typename... Args>
[[nodiscard]] Error fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return Error{code, fmt::format(format, std::forward<Args>(args)...)};
}

/// A value or an Error. Reading the wrong one is our bug and stops the program (CHECK).
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    CHECK(!has_value());
    return std::get<1>(state_);
  }
  Error&& error() && {
    CHECK(!has_value());
    return std::get<1>(std::move(state_));
  }

  [[nodiscard]] T value_or(T other) && {
    return has_value() ? std::move(checked()) : std::move(other);
  }

 private:
  T& checked() {
    CHECK(has_value());
    return std::get<0>(state_);
  }
  std::variant<T, Error> state_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : state_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  void value() const { CHECK(has_value()); }

  const Error& error() const& {
    CHECK(!has_value());
    return std::get<1>(state_);
  }
  Error&& error() && {
    CHECK(!has_value());
    return std::get<1>(std::move(state_));
  }

 private:
  std::variant<std::monostate, Error> state_;
};

using Status = Result<void>;

}  // namespace nearside::base

/// The value of a Result expression, or return its error from the enclosing function. In a
/// coroutine use CO_TRY.
#define TRY(expression)                                               \
  __extension__({                                                     \
    auto try_result_ = (expression);                                  \
    if (!try_result_) [[unlikely]]                                    \
      return ::nearside::base::Error(std::move(try_result_).error()); \
    std::move(try_result_).value();                                   \
  })
#define CO_TRY(expression)                                               \
  __extension__({                                                        \
    auto try_result_ = (expression);                                     \
    if (!try_result_) [[unlikely]]                                       \
      co_return ::nearside::base::Error(std::move(try_result_).error()); \
    std::move(try_result_).value();                                      \
  })
