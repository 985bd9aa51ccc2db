// The key that a server wants from us: read from the environment or a file, shown to nobody else.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace nearside::upstream {

/// Holds a secret so that it cannot be printed by accident: no stream or format operator, and the
/// only way out is named reveal().
class Key {
 public:
  Key() = default;
  explicit Key(std::string secret) : secret_(std::move(secret)) {}
  [[nodiscard]] bool empty() const { return secret_.empty(); }
  [[nodiscard]] const std::string& reveal() const { return secret_; }

 private:
  std::string secret_;
};

/// The key in the environment variable `env` or else in `file`; no key when both are empty. White
/// space around it is dropped. Errors: kNotFound (variable unset, file absent), kInvalidArgument
/// (empty, too long, or not printable ASCII).
base::Result<Key> load_key(const std::string& env, const std::string& file);

}  // namespace nearside::upstream
