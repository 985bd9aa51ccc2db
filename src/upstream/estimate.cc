#include "upstream/estimate.h"

namespace nearside::upstream {
namespace {

// Role markers around a message, in tokens.
constexpr std::uint64_t kMessageOverheadTokens = 4;

std::size_t text_bytes(const base::json::value& value) {
  switch (value.kind()) {
    case base::json::kind::string:
      return value.get_string().size();
    case base::json::kind::array: {
      std::size_t sum = 0;
      for (const auto& item : value.get_array()) sum += text_bytes(item);
      return sum;
    }
    case base::json::kind::object: {
      std::size_t sum = 0;
      for (const auto& member : value.get_object())
        // What an image costs has nothing to do with the length of its URL.
        if (member.key() != "image_url" && member.key() != "type")
          sum += text_bytes(member.value());
      return sum;
    }
    default:
      return 0;
  }
}

}  // namespace

std::uint64_t estimate_prompt_tokens(const chat::Request& request) {
  if (request.kind == chat::Request::Kind::kCompletion) return tokens_in(request.prompt.size());
  std::uint64_t sum = 0;
  for (const auto& message : request.messages)
    sum += tokens_in(text_bytes(message)) + kMessageOverheadTokens;
  for (const auto& tool : request.tools) sum += tokens_in(text_bytes(tool));
  return sum;
}

}  // namespace nearside::upstream
