// Puts a whole answer together from the pieces of a stream.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "chat/event.h"
#include "gateway/dialect.h"
#include "gateway/tool_calls.h"

namespace nearside::gateway {

/// A million tokens are about 5 MB.
inline constexpr std::size_t kWholeAnswerBytesMax = 16U << 20;
/// OpenAI's own bound of `n`.
inline constexpr std::size_t kChoicesMax = 128;
/// OpenAI's own bound of inputs to one embedding call.
inline constexpr std::size_t kEmbeddingInputsMax = 2'048;

/// How much of the answer a piece is; 0 for events that are no content.
std::size_t content_bytes(const chat::Event& event);

/// Not thread-safe.
class AnswerCollector {
 public:
  /// Any event but Finished and Failed. Errors: kCorrupt (a piece of no choice or input, a broken
  /// tool call, an answer of more than kWholeAnswerBytesMax).
  base::Status add(chat::Event event);
  /// The answer; the collector is empty afterwards.
  [[nodiscard]] WholeAnswer take(const chat::Finished& finished);

 private:
  base::Result<WholeChoice*> choice(std::uint32_t index);

  WholeAnswer whole_;
  std::vector<ToolCallAssembler> tool_calls_{1};  // parallel to whole_.choices
  std::size_t bytes_ = 0;
};

}  // namespace nearside::gateway
