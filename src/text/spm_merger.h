// SentencePiece merging: the inner loop of encoding with a "llama" vocabulary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "text/token_table.h"

namespace nearside::text {

/// What the merging looks tokens up in. Views must outlive the calls.
struct SpmPieces {
  const TokenTable& by_text;
  const std::vector<float>& scores;  // by token
  std::size_t bytes_max = 0;         // of the longest token
};

/// Starts from single characters and again and again joins the two neighbours whose text is the
/// token with the highest score (the leftmost of equals). Calls `on_piece` with what remains, in
/// order: token texts, and single characters that are no token. O(n log n) for n characters.
/// Returns the steps taken (pairs looked up or taken from the queue), which tests bound.
/// Source: sentencepiece, bpe_model.cc.
std::size_t merge_pieces(const SpmPieces& pieces, std::string_view text,
                         const std::function<void(std::string_view)>& on_piece);

}  // namespace nearside::text
