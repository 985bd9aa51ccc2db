#include <fmt/format.h>

#include "gateway/decision_headers.h"
#include "gateway/endpoints.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;

http::Response reply(const json::object& body) {
  return {200, {{"content-type", "application/json"}}, json::serialize(body)};
}

/// What is not known of a model that may be elsewhere is empty rather than invented.
json::object details() {
  return {{"parent_model", ""},        {"format", ""},         {"family", ""},
          {"families", json::array()}, {"parameter_size", ""}, {"quantization_level", ""}};
}

}  // namespace

http::Response ollama_tags(const Snapshot& snapshot) {
  json::array models;
  for (const std::string& name : snapshot.config.policy.model_names())
    models.emplace_back(json::object{{"name", name},
                                     {"model", name},
                                     {"modified_at", "1970-01-01T00:00:00Z"},
                                     {"size", 0},
                                     {"digest", ""},
                                     {"details", details()}});
  return reply({{"models", std::move(models)}});
}

http::Response ollama_show(const Snapshot& snapshot, std::string_view body) {
  const auto parsed = base::parse_json(body);
  std::string_view wanted;
  if (parsed && parsed->is_object())
    for (const char* name : {"model", "name"})
      if (const json::value* value = parsed->get_object().if_contains(name);
          value && value->is_string())
        wanted = value->get_string();
  for (const std::string& known : snapshot.config.policy.model_names())
    if (known == wanted)
      return reply({{"details", details()},
                    {"model_info", json::object()},
                    {"capabilities", json::array{"completion"}}});
  return error_response(ollama_dialect(),
                        to_api_error(base::fail(base::Code::kNotFound,
                                                "no model of this name is served here; GET "
                                                "/api/tags lists them")));
}

http::Response ollama_version() { return reply({{"version", "0.1.0"}}); }

}  // namespace nearside::gateway
