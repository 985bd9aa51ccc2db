#include <string>

#include <fmt/format.h>

#include "gateway/decision_headers.h"
#include "gateway/endpoints.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

json::object entry(std::string_view name) {
  // Models here come and go with the configuration; none has a birthday.
  return {{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "nearside"}};
}

/// %2F and the like: clients encode the slash in place/name.
std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

http::Response list_models(const Snapshot& snapshot) {
  json::array data;
  for (const std::string& name : snapshot.config.policy.model_names()) data.push_back(entry(name));
  return {200,
          {{"content-type", "application/json"}},
          json::serialize(json::object{{"object", "list"}, {"data", std::move(data)}})};
}

http::Response find_model(const Snapshot& snapshot, std::string_view name) {
  const std::string wanted = percent_decoded(name);
  for (const std::string& known : snapshot.config.policy.model_names())
    if (known == wanted)
      return {200, {{"content-type", "application/json"}}, json::serialize(entry(known))};
  // What the client wrote is not repeated: it may be anything, invalid UTF-8 included.
  return error_response(
      openai_dialect(),
      to_api_error(base::fail(base::Code::kNotFound,
                              "no model of this name is served here; GET /v1/models lists them")));
}

}  // namespace nearside::gateway
