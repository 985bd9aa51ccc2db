#include "upstream/original.h"

#include <algorithm>

#include "base/check.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

constexpr std::string_view kSpace = " \t\r\n";

std::size_t skip_space(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kSpace, at), text.size());
}

std::size_t skip_value(std::string_view text, std::size_t at) {
  if (text[at] == '"') return base::json_string_end(text, at);
  if (text[at] != '{' && text[at] != '[')
    return std::min(text.find_first_of(",}] \t\r\n", at), text.size());
  std::size_t depth = 0;
  while (at < text.size()) {
    at = text.find_first_of("\"{}[]", at);
    CHECK(at != std::string_view::npos);
    if (text[at] == '"') {
      at = base::json_string_end(text, at);
      continue;
    }
    depth += text[at] == '{' || text[at] == '[' ? 1U : std::size_t(-1);
    ++at;
    if (depth == 0) break;
  }
  return at;
}

/// The name in quotes, escapes undone: "mod\u0065l" is model to whoever reads it.
std::string name_in(std::string_view token) {
  if (token.find('\\') == std::string_view::npos)
    return std::string(token.substr(1, token.size() - 2));
  const auto parsed = base::parse_json(token);
  CHECK(parsed && parsed->is_string());
  return std::string(parsed->get_string());
}

}  // namespace

std::string with_members(std::string_view object, const Members& members) {
  std::vector<bool> written(members.size());
  std::string out;
  out.reserve(object.size() + 128);
  std::size_t copied = 0;
  std::size_t at = skip_space(object, 0);
  CHECK(at < object.size() && object[at] == '{');
  at = skip_space(object, at + 1);
  bool empty = true;
  while (at < object.size() && object[at] == '"') {
    empty = false;
    const std::size_t name_end = base::json_string_end(object, at);
    const std::string name = name_in(object.substr(at, name_end - at));
    const std::size_t value = skip_space(object, skip_space(object, name_end) + 1);
    const std::size_t value_end = skip_value(object, value);
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i].first != name) continue;
      out.append(object.substr(copied, value - copied)).append(members[i].second);
      copied = value_end;
      written[i] = true;
    }
    at = skip_space(object, value_end);
    if (at < object.size() && object[at] == ',') at = skip_space(object, at + 1);
  }
  CHECK(at < object.size() && object[at] == '}');
  out.append(object.substr(copied, at - copied));
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (written[i]) continue;
    out.append(empty ? "\"" : ",\"")
        .append(members[i].first)
        .append("\":")
        .append(members[i].second);
    empty = false;
  }
  return out.append(object.substr(at));
}

bool came_in(const chat::Request& request, std::string_view dialect) {
  if (request.original.empty()) return false;
  return request.original_dialect.empty() ? dialect == "openai"
                                          : request.original_dialect == dialect;
}

std::string original_with(const chat::Request& request, const Members& members) {
  return request.original_text.empty() ? with_members(json::serialize(request.original), members)
                                       : with_members(request.original_text, members);
}

std::string json_text(std::string_view text) { return json::serialize(json::string_view(text)); }

}  // namespace nearside::upstream
