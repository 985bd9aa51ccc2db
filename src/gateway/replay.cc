#include "gateway/replay.h"

namespace nearside::gateway {

std::string replayed_stream(Answer& answer, const WholeAnswer& whole) {
  std::string out;
  const WholeChoice& choice = whole.choices.front();
  answer.begin(out);
  if (!choice.reasoning.empty() || !choice.reasoning_signature.empty())
    answer.reasoning(out, {.text = choice.reasoning, .signature = choice.reasoning_signature});
  if (!choice.text.empty()) {
    chat::TextDelta text;
    text.text = choice.text;
    text.logprobs = choice.logprobs;
    answer.text(out, text);
  }
  if (!choice.tool_calls.empty()) {
    base::json::array calls = choice.tool_calls;
    for (std::size_t i = 0; i < calls.size(); ++i) calls[i].get_object()["index"] = i;
    answer.tool_calls(out, {base::json::serialize(calls)});
  }
  answer.end(out, whole.end);
  return out;
}

}  // namespace nearside::gateway
