#include "gateway/tool_calls.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace nearside::gateway {
namespace {

namespace json = base::json;
using base::Code;
using base::fail;

/// Later strings of the same name continue earlier ones when they are arguments or input; ids,
/// types and names come once, and servers that repeat them mean the same.
void merge(json::object& call, const json::object& piece) {
  for (const auto& member : piece) {
    if (member.key() == "index" || member.value().is_null()) continue;
    json::value& known = call[member.key()];
    if (member.value().is_object() && known.is_object()) {
      merge(known.get_object(), member.value().get_object());
    } else if ((member.key() == "arguments" || member.key() == "input") && known.is_string() &&
               member.value().is_string()) {
      known.get_string().append(member.value().get_string());
    } else if (known.is_null() || known == "") {
      known = member.value();
    }
  }
}

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::vector<ToolCallPiece> tool_call_pieces(std::string_view tool_calls_json) {
  std::vector<ToolCallPiece> pieces;
  const auto parsed = base::parse_json(tool_calls_json);
  if (!parsed || !parsed->is_array()) return pieces;
  for (const json::value& value : parsed->get_array()) {
    if (!value.is_object()) continue;
    const json::object& call = value.get_object();
    ToolCallPiece piece;
    piece.index = pieces.size();
    if (const json::value* given = call.if_contains("index"); given && given->is_int64())
      piece.index = static_cast<std::size_t>(std::max<std::int64_t>(given->get_int64(), 0));
    piece.id = text_in(call, "id");
    for (const char* kind : {"function", "custom"})
      if (const json::value* inner = call.if_contains(kind); inner && inner->is_object()) {
        piece.name = text_in(inner->get_object(), "name");
        piece.arguments = text_in(inner->get_object(), kind[0] == 'f' ? "arguments" : "input");
      }
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

base::Status ToolCallAssembler::add(std::string_view tool_calls_json) {
  const auto parsed = base::parse_json(tool_calls_json);
  if (!parsed || !parsed->is_array())
    return fail(Code::kCorrupt, "a piece of a tool call is no array");
  for (const json::value& value : parsed->get_array()) {
    if (!value.is_object()) return fail(Code::kCorrupt, "a piece of a tool call is no object");
    const json::object& piece = value.get_object();
    std::size_t index = calls_.size();
    if (const json::value* given = piece.if_contains("index"); given && given->is_number()) {
      boost::system::error_code inexact;
      index = given->to_number<std::size_t>(inexact);
      if (inexact) return fail(Code::kCorrupt, "a piece of a tool call has an impossible index");
    }
    if (index >= kCallsMax)
      return fail(Code::kTooLarge, "the answer calls more than {} tools", kCallsMax);
    while (calls_.size() <= index) calls_.emplace_back(json::object());
    merge(calls_[index].get_object(), piece);
  }
  return {};
}

json::array ToolCallAssembler::take() {
  json::array taken = std::move(calls_);
  calls_ = {};
  for (json::value& call : taken)
    if (!call.get_object().contains("type")) call.get_object()["type"] = "function";
  return taken;
}

}  // namespace nearside::gateway
