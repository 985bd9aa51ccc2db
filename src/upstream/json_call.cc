#include "upstream/json_call.h"

#include <utility>

#include <fmt/format.h>

namespace nearside::upstream {

http::ClientRequest json_call(const Endpoint& endpoint, std::string_view path, std::string body) {
  std::string_view url = endpoint.url;
  while (url.ends_with('/')) url.remove_suffix(1);
  http::ClientRequest call;
  call.method = "POST";
  call.url = std::string(url).append(path);
  call.headers = {{"content-type", "application/json"}, {"user-agent", "nearside"}};
  call.body = std::move(body);
  call.timeouts = endpoint.timeouts;
  call.tls = endpoint.tls;
  return call;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain)
      out.push_back(c);
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace nearside::upstream
