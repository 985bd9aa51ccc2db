// Learns a byte-level BPE vocabulary from text.
//
// Source: Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword Units"
// (2016), algorithm 1, on bytes: start from the 256 bytes and again and again make the most
// frequent pair of neighbours inside a word one token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "gguf/writer.h"
#include "text/special_splitter.h"
#include "text/tokenizer.h"

namespace nearside::text {

struct BpeTrainerOptions {
  /// All tokens: 256 bytes, merges and special tokens. Fewer come out where the text runs out of
  /// pairs.
  std::size_t vocabulary_size = 4096;
  /// Control tokens, put last in this order ("<|im_start|>").
  std::vector<std::string> special_tokens;
  /// How text is cut into words (pre_tokenizer.h). "qwen2" makes every digit a token of its own, so
  /// that numbers can be copied digit by digit; "llama-bpe" groups up to three.
  std::string pre_tokenizer = "qwen2";
  /// A pair must be seen this often to become a token.
  std::size_t pair_count_min = 2;
};

/// What goes into a model file.
struct TrainedVocabulary {
  std::string pre_tokenizer;
  std::vector<std::string> tokens;        // spelled in the byte alphabet; specials as they are
  std::vector<std::string> merges;        // "left right", best first
  std::vector<std::int32_t> token_types;  // TokenType

  /// -1 where `spelling` is not a token.
  [[nodiscard]] TokenId find(std::string_view spelling) const;
};

/// Counts words, then learns merges. Equal input gives equal output: ties go to the pair whose
/// tokens are older.
class BpeTrainer {
 public:
  /// Errors: kUnsupported (pre-tokenizer), kInvalidArgument (a vocabulary size that does not hold
  /// the bytes and the special tokens, a special token that is empty or comes twice).
  static base::Result<BpeTrainer> create(BpeTrainerOptions options);

  /// Adds text to learn from. Special tokens written out in it are no words and are left out.
  /// Pieces of one document need not come together, but a cut between two calls is a cut between
  /// words.
  void add(std::string_view text);

  /// O(total distinct word bytes * log) time. May be called again after more text.
  [[nodiscard]] TrainedVocabulary learn() const;

 private:
  struct Word {
    std::string bytes;
    std::uint64_t count;
  };
  explicit BpeTrainer(BpeTrainerOptions options);
  void add_plain(std::string_view text);
  [[nodiscard]] std::vector<Word> sorted_words() const;

  BpeTrainerOptions options_;
  SpecialSplitter splitter_;
  std::unordered_map<std::string, std::uint64_t> word_counts_;
};

/// Writes `vocabulary` as `tokenizer.ggml.*` keys. `bos`, `eos`: spellings of special tokens, ""
/// for none. REQUIRES: they are tokens of the vocabulary.
struct VocabularyRoles {
  std::string bos;
  std::string eos;
  std::string padding;
  bool add_bos = false;
};
void add_vocabulary(const TrainedVocabulary& vocabulary, const VocabularyRoles& roles,
                    gguf::Writer& writer);

}  // namespace nearside::text
