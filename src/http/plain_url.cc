#include "http/plain_url.h"

#include <algorithm>
#include <charconv>

#include "http/message.h"

namespace nearside::http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Neither spaces nor anything that could end a line, only ASCII, and no backslash, which some read
/// as a slash.
bool is_allowed(char c) { return c > ' ' && c < 0x7f && c != '\\'; }

bool is_name(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == '_';
  });
}

bool is_ipv6(std::string_view host) {
  constexpr std::string_view kAllowed = "0123456789abcdefABCDEF:.";
  return host.find(':') != std::string_view::npos &&
         host.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool has_dot_segment(std::string_view path) {
  for (std::size_t at = path.find("/."); at != std::string_view::npos; at = path.find("/.", at + 1))
    for (const std::string_view dots : {"/.", "/.."}) {
      const std::string_view rest = path.substr(at);
      if (rest.starts_with(dots) && (rest.size() == dots.size() || rest[dots.size()] == '/'))
        return true;
    }
  return false;
}

/// Nothing when a percent sign begins no code, or one of a control character.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const char* const begin = text.data() + i + 1;
    if (text.size() - i < 3) return std::nullopt;
    if (const auto read = std::from_chars(begin, begin + 2, value, 16);
        read.ptr != begin + 2 || value < 0x20)
      return std::nullopt;
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

}  // namespace

std::optional<PlainUrl> parse_plain_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!equal_ignoring_case(url.substr(0, kScheme.size()), kScheme) ||
      !std::all_of(url.begin(), url.end(), is_allowed))
    return std::nullopt;
  url.remove_prefix(kScheme.size());
  url = url.substr(0, url.find('#'));
  const std::size_t authority_end = std::min(url.find_first_of("/?"), url.size());
  std::string_view authority = url.substr(0, authority_end);
  const std::string_view target = url.substr(authority_end);

  PlainUrl parsed;
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    auto decoded = percent_decoded(authority.substr(0, at));
    if (!decoded) return std::nullopt;
    parsed.user_info = std::move(*decoded);
    authority.remove_prefix(at + 1);
  }

  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    parsed.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!is_ipv6(parsed.host)) return std::nullopt;
    parsed.authority = authority.substr(0, end + 1);
  } else {
    parsed.host = authority.substr(0, authority.find(':'));
    port = authority.substr(parsed.host.size());
    if (!is_name(parsed.host)) return std::nullopt;
    parsed.authority = parsed.host;
  }
  if (port.size() > 1) {  // ":" alone is the default
    const char* const end = port.data() + port.size();
    const auto read = std::from_chars(port.data() + 1, end, parsed.port);
    if (port.front() != ':' || read.ec != std::errc() || read.ptr != end || parsed.port == 0)
      return std::nullopt;
  } else if (!port.empty() && port != ":") {
    return std::nullopt;
  }
  if (parsed.port != 80) parsed.authority += ":" + std::to_string(parsed.port);

  if (has_dot_segment(target.substr(0, target.find('?')))) return std::nullopt;
  if (!target.starts_with('/')) parsed.target = "/";
  parsed.target += target;
  return parsed;
}

}  // namespace nearside::http
