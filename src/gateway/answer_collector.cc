#include "gateway/answer_collector.h"

#include <utility>

namespace nearside::gateway {

using base::Code;
using base::fail;

std::size_t content_bytes(const chat::Event& event) {
  if (const auto* text = std::get_if<chat::TextDelta>(&event)) return text->text.size();
  if (const auto* thought = std::get_if<chat::ReasoningDelta>(&event))
    return thought->text.size() + thought->signature.size();
  if (const auto* calls = std::get_if<chat::ToolCallDelta>(&event))
    return calls->tool_calls_json.size();
  if (const auto* embedded = std::get_if<chat::Embedded>(&event))
    return embedded->vector.size() * sizeof(float);
  return 0;
}

base::Result<WholeChoice*> AnswerCollector::choice(std::uint32_t index) {
  if (index >= kChoicesMax)
    return fail(Code::kCorrupt, "the answer has a choice of number {}", index);
  while (whole_.choices.size() <= index) {
    whole_.choices.emplace_back();
    tool_calls_.emplace_back();
  }
  return &whole_.choices[index];
}

base::Status AnswerCollector::add(chat::Event event) {
  bytes_ += content_bytes(event);
  if (bytes_ > kWholeAnswerBytesMax)
    return fail(Code::kCorrupt, "the answer is larger than {} bytes", kWholeAnswerBytesMax);
  if (auto* text = std::get_if<chat::TextDelta>(&event)) {
    WholeChoice* to = TRY(choice(text->choice));
    to->text += text->text;
    for (chat::TokenLogprob& token : text->logprobs) to->logprobs.push_back(std::move(token));
  } else if (const auto* thought = std::get_if<chat::ReasoningDelta>(&event)) {
    WholeChoice* to = TRY(choice(thought->choice));
    to->reasoning += thought->text;
    to->reasoning_signature += thought->signature;
  } else if (const auto* calls = std::get_if<chat::ToolCallDelta>(&event)) {
    if (const auto to = choice(calls->choice); !to) return to.error();
    return tool_calls_[calls->choice].add(calls->tool_calls_json);
  } else if (const auto* ended = std::get_if<chat::ChoiceEnded>(&event)) {
    TRY(choice(ended->choice))->reason = ended->reason;
  } else if (auto* embedded = std::get_if<chat::Embedded>(&event)) {
    if (embedded->input >= kEmbeddingInputsMax)
      return fail(Code::kCorrupt, "the answer has a vector for input {}", embedded->input);
    if (whole_.embeddings.size() <= embedded->input)
      whole_.embeddings.resize(embedded->input + std::size_t{1});
    whole_.embeddings[embedded->input] = std::move(embedded->vector);
  }
  return {};
}

WholeAnswer AnswerCollector::take(const chat::Finished& finished) {
  for (std::size_t i = 0; i < whole_.choices.size(); ++i)
    whole_.choices[i].tool_calls = tool_calls_[i].take();
  whole_.choices.front().reason = finished.reason;
  whole_.end.reason = finished.reason;
  whole_.end.usage = finished.usage;
  whole_.end.stop_sequence = finished.stop_sequence;
  WholeAnswer taken = std::move(whole_);
  *this = AnswerCollector();
  return taken;
}

}  // namespace nearside::gateway
