#include "gateway/request_body.h"

#include <algorithm>
#include <limits>

namespace nearside::gateway {
namespace {

namespace json = base::json;

// top_p 0 means "the likeliest token only"; the sampler takes a share above zero.
constexpr double kTopPLeast = 1e-6;

std::size_t members_in(const json::value& value) {
  std::size_t count = 0;
  if (const json::object* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += members_in(member.value());
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) count += members_in(item);
  }
  return count;
}

/// In JSON text that is well-formed, every colon outside a string belongs to one member.
std::size_t colons_in(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = base::json_string_end(text, at);
    } else {
      if (text[at] == ':') ++count;
      ++at;
    }
  }
  return count;
}

ApiError bad_json(std::string message) {
  return {400, "invalid_request_error", "invalid_json", std::move(message), ""};
}

}  // namespace

std::optional<ApiError> read_body(std::string_view body, std::string_view dialect, Asked& asked) {
  auto parsed = base::parse_json(body);
  if (!parsed) return bad_json("the request body is " + parsed.error().message);
  if (!parsed->is_object()) return bad_json("the request body must be a JSON object");
  if (members_in(*parsed) != colons_in(body))
    return bad_json("the request body names a field twice in one object; write it once");
  asked.request.original = std::move(parsed->get_object());
  asked.request.original_text = body;
  asked.request.original_dialect = dialect;
  return std::nullopt;
}

void read_model(JsonFields& fields, Asked& asked) {
  if (const json::string* model = fields.string("model")) {
    asked.model = *model;
    if (asked.model.empty() || asked.model.size() > kModelNameBytesMax)
      fields.reject("model", "must have 1 to 256 bytes");
  } else {
    fields.reject("model", "is required: \"auto\", a route, or a target as place/name");
  }
}

void read_stops(JsonFields& fields, std::string_view name, chat::Request& request) {
  const json::value* stop = fields.find(name);
  if (stop == nullptr) return;
  if (stop->is_string()) {
    request.stop.emplace_back(stop->get_string());
  } else if (stop->is_array()) {
    for (const json::value& item : stop->get_array()) {
      if (!item.is_string()) return fields.reject(name, "must hold strings only");
      request.stop.emplace_back(item.get_string());
    }
  } else {
    return fields.reject(name, "must be a string or an array of strings");
  }
  if (request.stop.size() > kStopsMax) fields.reject(name, "must hold at most 4 strings");
  for (const std::string& text : request.stop)
    if (text.empty() || text.size() > kStopBytesMax)
      fields.reject(name, "must hold strings of 1 to 128 bytes");
}

void read_temperature(JsonFields& fields, double temperature_max, chat::Sampling& sampling) {
  if (const auto v = fields.number("temperature", 0, temperature_max))
    sampling.temperature = static_cast<float>(*v);
  if (const auto v = fields.number("top_p", 0, 1))
    sampling.top_p = static_cast<float>(std::max(*v, kTopPLeast));
  if (const auto v = fields.integer("top_k", -1, std::numeric_limits<std::int32_t>::max()))
    sampling.top_k = static_cast<std::uint32_t>(std::max<std::int64_t>(*v, 0));
}

json::object make_message(std::string_view role, json::value content) {
  return {{"role", role}, {"content", std::move(content)}};
}

json::object text_part(std::string_view text) { return {{"type", "text"}, {"text", text}}; }

json::object image_part(std::string_view url) {
  return {{"type", "image_url"}, {"image_url", json::object{{"url", url}}}};
}

std::string data_url(std::string_view media_type, std::string_view base64) {
  std::string url = "data:";
  return url.append(media_type).append(";base64,").append(base64);
}

}  // namespace nearside::gateway
