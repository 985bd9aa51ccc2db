#include "engine/answer.h"

#include <limits>
#include <utility>

namespace nearside::engine {

Answer::Answer(const AnswerForm& form, std::vector<std::string> stops, std::uint32_t choice)
    : choice_(choice),
      stop_(std::move(stops)),
      reasoning_(form.reasoning, form.reasoning_open),
      reader_(form.tools == nullptr ? nullptr : form.tools->make_reader(form.tool_names)),
      calls_(form.call_id_seed),
      one_call_only_(form.one_call_only) {}

bool Answer::stopped() const {
  return stop_.stopped() || (one_call_only_ && calls_.calls_ended() > 0);
}

void Answer::push(std::string_view bytes, std::optional<chat::TokenLogprob> logprob,
                  std::vector<chat::Event>& out) {
  const std::string text = gate_.push(bytes);
  gated_ += text.size();
  if (logprob) logprobs_.push_back({gated_ + (gate_.holds() ? 1 : 0), std::move(*logprob)});
  const std::string passed = stop_.push(text);
  passed_ += passed.size();
  tell(reasoning_.push(passed), out);
}

void Answer::finish(std::vector<chat::Event>& out) {
  std::string rest;
  if (!stop_.stopped()) {
    rest = stop_.push(gate_.finish());
    rest += stop_.finish();
  }
  passed_ += rest.size();
  tell(reasoning_.push(rest), out);
  tell(reasoning_.finish(), out);
  if (reader_ != nullptr) {
    reader_->finish(calls_);
    for (std::string& delta : calls_.take_deltas())
      out.emplace_back(chat::ToolCallDelta{std::move(delta), choice_});
  }
  tell_text(calls_.take_text(), stop_.stopped() ? passed_ : std::numeric_limits<std::size_t>::max(),
            out);
}

void Answer::tell(ReasoningSplitter::Split split, std::vector<chat::Event>& out) {
  const bool thought = !split.reasoning.empty();
  if (thought) out.emplace_back(chat::ReasoningDelta{std::move(split.reasoning), choice_});
  std::string text = std::move(split.answer);
  std::vector<std::string> deltas;
  if (reader_ != nullptr && !text.empty()) {
    reader_->push(text, calls_);
    text = calls_.take_text();
    deltas = calls_.take_deltas();
  }
  const std::size_t held = reasoning_.held() + (reader_ == nullptr ? 0 : reader_->held());
  const std::size_t released = passed_ - held;
  if (text.empty() && (thought || !reasoning_.answering() || !deltas.empty())) {
    while (!logprobs_.empty() && logprobs_.front().end <= released) logprobs_.pop_front();
  } else if (!text.empty()) {
    tell_text(std::move(text), released, out);
  }
  // With one call only, what follows its end is not wanted; the reader may have found it already.
  for (std::string& delta : deltas)
    out.emplace_back(chat::ToolCallDelta{std::move(delta), choice_});
}

void Answer::tell_text(std::string text, std::size_t released, std::vector<chat::Event>& out) {
  chat::TextDelta delta{std::move(text), choice_, {}};
  while (!logprobs_.empty() && logprobs_.front().end <= released) {
    delta.logprobs.push_back(std::move(logprobs_.front().logprob));
    logprobs_.pop_front();
  }
  if (!delta.text.empty() || !delta.logprobs.empty()) out.emplace_back(std::move(delta));
}

}  // namespace nearside::engine
