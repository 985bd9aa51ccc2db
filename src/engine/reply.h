// What one request hears: the events of all its choices and, once, its end.
#pragma once

#include <cstdint>
#include <vector>

#include "chat/event.h"
#include "engine/engine.h"

namespace nearside::engine {

/// Shared by the generations of a request's choices. Not thread-safe. The sink may cancel from
/// within any of these calls.
class Reply {
 public:
  Reply(RequestId id, std::uint32_t choices, std::size_t prompt_tokens);

  [[nodiscard]] RequestId id() const { return id_; }
  /// Nothing more is to be said: finished, failed or cancelled.
  [[nodiscard]] bool over() const { return over_; }
  void cancel() { over_ = true; }

  void tell(std::vector<chat::Event> events, const Engine::Sink& sink);
  /// The last choice's end is the request's.
  void end_choice(std::uint32_t choice, chat::FinishReason reason, const std::string& stop_sequence,
                  const Engine::Sink& sink);
  /// One choice that fails takes all with it: there is one end.
  void fail(base::Error error, const Engine::Sink& sink);

  void count_token(bool reasoning);
  /// Tokens of the prompt that a prefix cache held; told once, for the first choice.
  void set_cached(std::size_t tokens) { usage_.cached_tokens = tokens; }

 private:
  RequestId id_;
  std::uint32_t choices_;
  std::uint32_t ended_ = 0;
  bool over_ = false;
  chat::Usage usage_;
  chat::FinishReason first_reason_ = chat::FinishReason::kStop;
  std::string first_stop_;
};

}  // namespace nearside::engine
