#include "engine/tool_call_writer.h"

#include <utility>

#include "base/json.h"

namespace nearside::engine {

namespace json = base::json;

void ToolCallWriter::text(std::string_view text) { text_.append(text); }

void ToolCallWriter::call_begins(std::string_view name) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  constexpr std::size_t kIdBytes = 9;
  std::string id;
  while (id.size() < kIdBytes) id.push_back(kLetters[ids_.below(kLetters.size())]);
  const json::array delta{
      json::object{{"index", calls_begun_},
                   {"id", id},
                   {"type", "function"},
                   {"function", json::object{{"name", name}, {"arguments", ""}}}}};
  deltas_.push_back(json::serialize(delta));
  ++calls_begun_;
}

void ToolCallWriter::arguments(std::string_view text) {
  const json::array delta{
      json::object{{"index", calls_begun_ - 1}, {"function", json::object{{"arguments", text}}}}};
  deltas_.push_back(json::serialize(delta));
}

std::string ToolCallWriter::take_text() { return std::exchange(text_, {}); }

std::vector<std::string> ToolCallWriter::take_deltas() { return std::exchange(deltas_, {}); }

}  // namespace nearside::engine
