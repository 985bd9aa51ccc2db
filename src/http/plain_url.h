// The URLs that are called without libcurl.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nearside::http {

/// "http://user:word@[::1]:8080/v1?a=b#c", taken apart.
struct PlainUrl {
  std::string host;  // "::1": without brackets
  std::uint16_t port = 80;
  std::string authority;  // "[::1]:8080": as the host header has it, without a port of 80
  std::string target;     // "/v1?a=b", never empty; without the fragment
  std::string user_info;  // "user:word", percent-encoding undone
};

/// Nothing for what is no http URL and for what is rare (names in other scripts, zones of
/// addresses, "/../" in a path): libcurl reads those, and says what is wrong with them.
std::optional<PlainUrl> parse_plain_url(std::string_view url);

}  // namespace nearside::http
