// Runs a reader over a body and keeps what it said.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "upstream/provider.h"

namespace nearside::upstream {

struct Reading {
  std::string text;
  std::string reasoning;
  std::string signature;
  struct Call {
    std::string id, name, arguments;
  };
  std::map<std::int64_t, Call> calls;
  std::vector<std::vector<float>> vectors;
  std::vector<chat::TokenLogprob> logprobs;
  std::map<std::uint32_t, std::string> text_of_choice;
  chat::Event end = chat::Failed{};

  [[nodiscard]] bool finished() const { return std::holds_alternative<chat::Finished>(end); }
  [[nodiscard]] const chat::Finished& finish() const { return std::get<chat::Finished>(end); }
  [[nodiscard]] const base::Error& error() const { return std::get<chat::Failed>(end).error; }
  [[nodiscard]] const chat::Usage& usage() const {
    return finished() ? finish().usage : std::get<chat::Failed>(end).usage;
  }
};

inline void keep_calls(Reading& got, std::string_view json_text) {
  const auto parsed = base::parse_json(json_text).value();
  for (const auto& value : parsed.as_array()) {
    const base::json::object& piece = value.as_object();
    const base::json::value* index = piece.if_contains("index");
    Reading::Call& call = got.calls[index != nullptr ? index->as_int64() : 0];
    const auto text = [](const base::json::object& object, const char* name) {
      const base::json::value* found = object.if_contains(name);
      return found != nullptr && found->is_string() ? std::string(found->as_string())
                                                    : std::string();
    };
    call.id += text(piece, "id");
    if (const base::json::value* function = piece.if_contains("function")) {
      call.name += text(function->as_object(), "name");
      call.arguments += text(function->as_object(), "arguments");
    }
  }
}

/// In pieces of `piece_bytes`, to show that no reader depends on how bytes are cut.
inline Reading read_reply(const Provider& provider, const chat::Request& request,
                          std::string_view body, std::string_view type, std::size_t piece_bytes = 7,
                          const base::Status& transport = {}) {
  const auto reader = provider.reader(request, {{"content-type", std::string(type)}});
  Reading got;
  const auto emit = [&got](chat::Event event) {
    if (auto* text = std::get_if<chat::TextDelta>(&event)) {
      got.text += text->text;
      got.text_of_choice[text->choice] += text->text;
      for (auto& token : text->logprobs) got.logprobs.push_back(token);
    } else if (auto* thought = std::get_if<chat::ReasoningDelta>(&event)) {
      got.reasoning += thought->text;
      got.signature += thought->signature;
    } else if (auto* calls = std::get_if<chat::ToolCallDelta>(&event)) {
      keep_calls(got, calls->tool_calls_json);
    } else if (auto* embedded = std::get_if<chat::Embedded>(&event)) {
      if (got.vectors.size() <= embedded->input) got.vectors.resize(embedded->input + 1U);
      got.vectors[embedded->input] = embedded->vector;
    }
  };
  for (std::size_t at = 0; at < body.size(); at += piece_bytes)
    if (base::Status fed = reader->feed(body.substr(at, piece_bytes), emit); !fed) {
      got.end = chat::Failed{fed.error(), reader->usage()};
      return got;
    }
  got.end = reader->end(transport, emit);
  return got;
}

}  // namespace nearside::upstream
