#include "engine/reply.h"

#include <utility>

namespace nearside::engine {

Reply::Reply(RequestId id, std::uint32_t choices, std::size_t prompt_tokens)
    : id_(id), choices_(choices) {
  usage_.prompt_tokens = prompt_tokens;
}

void Reply::tell(std::vector<chat::Event> events, const Engine::Sink& sink) {
  for (chat::Event& event : events) {
    if (over_) return;
    sink(id_, std::move(event));
  }
}

void Reply::end_choice(std::uint32_t choice, chat::FinishReason reason,
                       const std::string& stop_sequence, const Engine::Sink& sink) {
  if (over_) return;
  if (choice == 0) {
    first_reason_ = reason;
    first_stop_ = stop_sequence;
  }
  if (choices_ > 1) sink(id_, chat::ChoiceEnded{choice, reason});
  if (++ended_ < choices_ || over_) return;
  over_ = true;
  sink(id_, chat::Finished{first_reason_, usage_, first_stop_});
}

void Reply::fail(base::Error error, const Engine::Sink& sink) {
  if (over_) return;
  over_ = true;
  sink(id_, chat::Failed{std::move(error), usage_});
}

void Reply::count_token(bool reasoning) {
  ++usage_.completion_tokens;
  if (reasoning) ++usage_.reasoning_tokens;
}

}  // namespace nearside::engine
