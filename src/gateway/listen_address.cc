// Addresses to listen on.
#include <charconv>

#include <fmt/format.h>

#include "gateway/config.h"

namespace nearside::gateway {

namespace {

bool is_ipv4(std::string_view host) {
  int parts = 0;
  while (true) {
    const std::size_t dot = host.find('.');
    const std::string_view part = host.substr(0, dot);
    unsigned value = 0;
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), value);
    if (part.empty() || part.size() > 3 || parsed.ec != std::errc{} ||
        parsed.ptr != part.data() + part.size() || value > 255)
      return false;
    ++parts;
    if (dot == std::string_view::npos) return parts == 4;
    host.remove_prefix(dot + 1);
  }
}

/// Form only; whoever binds it hears of the rest.
bool looks_like_ipv6(std::string_view host) {
  return host.find(':') != std::string_view::npos && host.size() <= 45 &&
         host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

}  // namespace

bool ListenAddress::loopback() const { return host.starts_with("127.") || host == "::1"; }

std::string ListenAddress::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

base::Result<ListenAddress> parse_listen(std::string_view text) {
  const auto bad = [&] {
    return base::fail(
        base::Code::kInvalidArgument,
        "'{}' is no address to listen on; write ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080",
        text.substr(0, 64));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  ListenAddress address;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || parsed.ec != std::errc{} || parsed.ptr != port.data() + port.size())
    return bad();
  if (host.empty()) return address;
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed ? !looks_like_ipv6(host) : !is_ipv4(host)) return bad();
  address.host = host;
  return address;
}

}  // namespace nearside::gateway
