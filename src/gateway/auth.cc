#include "gateway/auth.h"

#include "trust/sha256.h"

namespace nearside::gateway {
namespace {

using base::Code;
using base::fail;

// Longer values are no keys and need not be hashed.
constexpr std::size_t kKeyBytesMax = 4096;

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
}

/// `Authorization: Bearer KEY`, or Anthropic's `x-api-key: KEY`.
base::Result<std::string_view> key_of(const http::Request& request) {
  const auto header = http::find_header(request.headers, "authorization");
  if (!header) {
    const auto plain = http::find_header(request.headers, "x-api-key");
    if (!plain || plain->size() > kKeyBytesMax)
      return fail(Code::kUnauthenticated,
                  "no API key: send one as the header 'Authorization: Bearer KEY'");
    return *plain;
  }
  constexpr std::string_view kScheme = "bearer ";
  std::string_view key = *header;
  if (key.size() <= kScheme.size() || key.size() > kKeyBytesMax ||
      !http::equal_ignoring_case(key.substr(0, kScheme.size()), kScheme))
    return fail(Code::kUnauthenticated, "the Authorization header is not of the form 'Bearer KEY'");
  return key.substr(kScheme.size());
}

}  // namespace

base::Result<const KeyConfig*> Authenticator::find(const http::Request& request) const {
  const bool has_key = http::find_header(request.headers, "authorization") ||
                       http::find_header(request.headers, "x-api-key");
  const KeyConfig* found = nullptr;
  if (!has_key && !request.client_name.empty()) {
    for (const KeyConfig& known : config_.keys)
      if (known.client_name == request.client_name) found = &known;
    if (found == nullptr)
      return fail(Code::kUnauthenticated,
                  "no API key, and the client certificate's name is not known here: configure it "
                  "under auth.keys as client_name");
    return found;
  }
  const std::string_view key = TRY(key_of(request));
  const trust::Sha256 digest = trust::sha256(key);
  for (const KeyConfig& known : config_.keys) {
    if (trust::equal_in_constant_time(digest, known.sha256)) found = &known;
    if (known.sha256_next && trust::equal_in_constant_time(digest, *known.sha256_next))
      found = &known;
  }
  if (found == nullptr) return fail(Code::kUnauthenticated, "this API key is not known here");
  return found;
}

base::Result<Caller> Authenticator::identify(const http::Request& request, Scope scope) const {
  if (config_.anonymous()) {
    if (is_loopback(request.remote_address)) return Caller{};
    return fail(Code::kUnauthenticated,
                "this node has no API keys and therefore serves its own machine only; configure "
                "keys under auth.keys");
  }
  const KeyConfig* const found = TRY(find(request));
  if (!found->may(scope))
    return fail(Code::kPermission,
                "the key '{}' lacks the scope '{}'; add it to auth.keys[].scopes", found->name,
                scope_name(scope));
  return Caller{found->name, found->tenant};
}

}  // namespace nearside::gateway
