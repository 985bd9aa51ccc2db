// Requests and responses as plain data, for rooms that never see a socket.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nearside::http {

struct Header {
  std::string name;  // compared without regard to case
  std::string value;
};

using Headers = std::vector<Header>;

/// The value of the first header of that name; empty when there is none. Valid while `headers` is
/// unchanged.
std::optional<std::string_view> find_header(const Headers& headers, std::string_view name);

/// Equal without regard to ASCII case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

struct Request {
  std::string method;  // upper case, as sent
  std::string path;    // the target up to '?', not percent-decoded
  std::string query;   // what follows '?'
  Headers headers{};
  std::string body{};
  std::string remote_address;  // "127.0.0.1"
  /// Of the client's certificate, which was verified: "CN=press-7,O=Plant" (RFC 2253). "" without.
  std::string client_name{};
};

/// A whole reply. content-length, date and connection are the server's to set.
struct Response {
  int status = 200;
  Headers headers{};
  std::string body{};
};

/// "Not Found" for 404; "Status" for codes without a name here.
std::string_view reason_phrase(int status);

}  // namespace nearside::http
