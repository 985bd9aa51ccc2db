// Typed fields of a JSON object from a client: absent, well-formed, or an error that names the
// field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "gateway/api_error.h"

namespace nearside::gateway {

/// Reads fields of one object and remembers the first thing wrong, so that a parser can read on and
/// look once. A field that is null counts as absent, as OpenAI's API has it.
class JsonFields {
 public:
  /// `object` must outlive this. `prefix` ("messages[2].") precedes names in errors.
  explicit JsonFields(const base::json::object& object, std::string prefix = {})
      : object_(object), prefix_(std::move(prefix)) {}

  [[nodiscard]] const base::json::value* find(std::string_view name) const;
  std::optional<bool> boolean(std::string_view name);
  std::optional<double> number(std::string_view name, double least, double most);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  const base::json::string* string(std::string_view name);
  const base::json::array* array(std::string_view name);
  const base::json::object* object(std::string_view name);

  /// Records an error about `name`, unless there is one already.
  void reject(std::string_view name, std::string_view complaint);
  [[nodiscard]] const std::optional<ApiError>& error() const { return error_; }

 private:
  const base::json::object& object_;
  std::string prefix_;
  std::optional<ApiError> error_;
};

}  // namespace nearside::gateway
