// Who is calling: an API key, known to us only by its hash, or a certificate; and what for.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/config.h"
#include "http/message.h"

namespace nearside::gateway {

struct Caller {
  std::string key_name;  // "" when nobody has to say who they are
  std::string tenant;
};

/// Immutable; thread-safe.
class Authenticator {
 public:
  explicit Authenticator(AuthConfig config) : config_(std::move(config)) {}

  /// The caller named by `Authorization: Bearer KEY` or `x-api-key: KEY`, or without either by the
  /// certificate of the connection. Compares with every key, each in constant time. Without
  /// configured keys, whoever calls from this machine may do everything.
  /// Errors: kUnauthenticated; kPermission (a known caller without the scope).
  [[nodiscard]] base::Result<Caller> identify(const http::Request& request,
                                              Scope scope = Scope::kInfer) const;

 private:
  [[nodiscard]] base::Result<const KeyConfig*> find(const http::Request& request) const;
  AuthConfig config_;
};

}  // namespace nearside::gateway
