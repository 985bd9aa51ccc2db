#include "text/spm_merger.h"

#include <algorithm>

#include "text/characters.h"

namespace nearside::text {

namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

struct Symbol {
  std::size_t start;
  std::uint32_t bytes;  // 0: merged into the one before
  std::uint32_t previous;
  std::uint32_t next;
};

struct Candidate {
  float score;
  std::uint32_t left;   // index of the symbol
  std::uint32_t bytes;  // of both; tells an entry whose symbols have changed since
  /// Ordered so that a max-heap yields the highest score, leftmost first.
  bool operator<(const Candidate& other) const {
    return score != other.score ? score < other.score : left > other.left;
  }
};

/// A byte that belongs to no well-formed character is a symbol of its own.
std::vector<Symbol> characters_of(std::string_view text) {
  std::vector<Symbol> symbols;
  symbols.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = std::max<std::size_t>(decode_character(text, at).bytes, 1);
    const auto index = static_cast<std::uint32_t>(symbols.size());
    symbols.push_back({at, static_cast<std::uint32_t>(bytes), index == 0 ? kNone : index - 1,
                       at + bytes == text.size() ? kNone : index + 1});
    at += bytes;
  }
  return symbols;
}

class Merging {
 public:
  Merging(const SpmPieces& pieces, std::string_view text)
      : pieces_(pieces), text_(text), symbols_(characters_of(text)) {}

  std::size_t run() {
    for (std::uint32_t i = 0; i + 1 < symbols_.size(); ++i) push(i);
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end());
      const Candidate best = heap_.back();
      heap_.pop_back();
      ++steps_;
      Symbol& left = symbols_[best.left];
      if (left.bytes == 0 || left.next == kNone) continue;
      Symbol& right = symbols_[left.next];
      if (left.bytes + right.bytes != best.bytes) continue;
      left.bytes = best.bytes;
      left.next = right.next;
      right.bytes = 0;
      if (left.next != kNone) symbols_[left.next].previous = best.left;
      push(left.previous);
      push(best.left);
    }
    return steps_;
  }

  void each(const std::function<void(std::string_view)>& on_piece) const {
    for (std::uint32_t i = symbols_.empty() ? kNone : 0; i != kNone; i = symbols_[i].next)
      on_piece(text_.substr(symbols_[i].start, symbols_[i].bytes));
  }

 private:
  /// Queues the pair of the symbol and its successor, if their text is a token.
  void push(std::uint32_t left) {
    ++steps_;
    if (left == kNone || symbols_[left].next == kNone) return;
    const std::uint32_t bytes = symbols_[left].bytes + symbols_[symbols_[left].next].bytes;
    if (bytes > pieces_.bytes_max) return;
    const std::int32_t token = pieces_.by_text.find(text_.substr(symbols_[left].start, bytes));
    if (token < 0) return;
    heap_.push_back({pieces_.scores[static_cast<std::size_t>(token)], left, bytes});
    std::push_heap(heap_.begin(), heap_.end());
  }

  const SpmPieces& pieces_;
  std::string_view text_;
  std::vector<Symbol> symbols_;
  std::vector<Candidate> heap_;
  std::size_t steps_ = 0;
};

}  // namespace

std::size_t merge_pieces(const SpmPieces& pieces, std::string_view text,
                         const std::function<void(std::string_view)>& on_piece) {
  Merging merging(pieces, text);
  const std::size_t steps = merging.run();
  merging.each(on_piece);
  return steps;
}

}  // namespace nearside::text
