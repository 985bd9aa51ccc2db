#include "text/bpe_trainer.h"

#include <algorithm>
#include <queue>
#include <unordered_set>

#include "base/check.h"
#include "base/utf8.h"
#include "text/byte_alphabet.h"
#include "text/characters.h"
#include "text/pre_tokenizer.h"
#include "text/vocabulary.h"

namespace nearside::text {

namespace {

using Pair = std::uint64_t;  // left token << 32 | right token

Pair pair_of(TokenId left, TokenId right) {
  return Pair{static_cast<std::uint32_t>(left)} << 32U | static_cast<std::uint32_t>(right);
}
TokenId left_of(Pair pair) { return static_cast<TokenId>(pair >> 32U); }
TokenId right_of(Pair pair) { return static_cast<TokenId>(pair & UINT32_MAX); }

struct CountedPair {
  std::uint64_t count;
  Pair pair;
  bool operator<(const CountedPair& other) const {
    return count != other.count ? count < other.count : pair > other.pair;
  }
};

struct LearningWord {
  std::vector<TokenId> symbols;
  std::uint64_t count;
};

/// The words as they stand after the merges so far, with how often each pair occurs and where.
class PairIndex {
 public:
  explicit PairIndex(std::vector<LearningWord> words) : words_(std::move(words)) {
    for (std::uint32_t i = 0; i < words_.size(); ++i) {
      const LearningWord& word = words_[i];
      for (std::size_t j = 0; j + 1 < word.symbols.size(); ++j) {
        const Pair pair = pair_of(word.symbols[j], word.symbols[j + 1]);
        counts_[pair] += word.count;
        note_place(pair, i);
      }
    }
    for (const auto& [pair, count] : counts_) queue_.push({count, pair});
  }

  /// The most frequent pair; count 0 when there is none.
  CountedPair pop_best() {
    while (!queue_.empty()) {
      const CountedPair best = queue_.top();
      queue_.pop();
      const auto known = counts_.find(best.pair);
      const std::uint64_t count = known == counts_.end() ? 0 : known->second;
      if (count == best.count && count > 0) return best;
      // The count has fallen since it was queued; rises were queued when they happened.
      if (count > 0 && count < best.count) queue_.push({count, best.pair});
    }
    return {0, 0};
  }

  /// Forgets a pair that must not become a token.
  void drop(Pair pair) { counts_.erase(pair); }

  void merge(Pair pair, TokenId result) {
    std::vector<std::uint32_t> places = std::move(places_[pair]);
    places_.erase(pair);
    std::unordered_set<Pair> risen;
    for (const std::uint32_t place : places) merge_in_word(place, pair, result, risen);
    counts_.erase(pair);
    for (const Pair changed : risen)
      if (const auto known = counts_.find(changed); known != counts_.end() && known->second > 0)
        queue_.push({known->second, changed});
  }

 private:
  void note_place(Pair pair, std::uint32_t word) {
    std::vector<std::uint32_t>& places = places_[pair];
    if (places.empty() || places.back() != word) places.push_back(word);
  }

  /// Takes the word's pairs out of the counts, merges, and counts the new ones: words are short.
  void merge_in_word(std::uint32_t place, Pair pair, TokenId result,
                     std::unordered_set<Pair>& risen) {
    LearningWord& word = words_[place];
    std::vector<TokenId>& symbols = word.symbols;
    std::size_t kept = 0;
    std::vector<TokenId> merged;
    merged.reserve(symbols.size());
    while (kept < symbols.size()) {
      const bool here = kept + 1 < symbols.size() && symbols[kept] == left_of(pair) &&
                        symbols[kept + 1] == right_of(pair);
      merged.push_back(here ? result : symbols[kept]);
      kept += here ? 2 : 1;
    }
    if (merged.size() == symbols.size()) return;  // an older merge took the pair away
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i)
      counts_[pair_of(symbols[i], symbols[i + 1])] -= word.count;
    for (std::size_t i = 0; i + 1 < merged.size(); ++i) {
      const Pair neighbours = pair_of(merged[i], merged[i + 1]);
      counts_[neighbours] += word.count;
      if (merged[i] == result || merged[i + 1] == result) {
        note_place(neighbours, place);
        risen.insert(neighbours);
      }
    }
    symbols = std::move(merged);
  }

  std::vector<LearningWord> words_;
  std::unordered_map<Pair, std::uint64_t> counts_;
  std::unordered_map<Pair, std::vector<std::uint32_t>> places_;  // indices of words
  std::priority_queue<CountedPair> queue_;
};

}  // namespace

TokenId TrainedVocabulary::find(std::string_view spelling) const {
  const auto place = std::find(tokens.begin(), tokens.end(), spelling);
  return place == tokens.end() ? -1 : static_cast<TokenId>(place - tokens.begin());
}

base::Result<BpeTrainer> BpeTrainer::create(BpeTrainerOptions options) {
  TRY(find_pre_tokenizer(options.pre_tokenizer));
  if (options.vocabulary_size < 256 + options.special_tokens.size())
    return base::fail(base::Code::kInvalidArgument,
                      "a vocabulary of {} tokens does not hold the 256 bytes and {} special tokens",
                      options.vocabulary_size, options.special_tokens.size());
  std::unordered_set<std::string_view> seen;
  for (const std::string& special : options.special_tokens)
    if (special.size() < 2 || !seen.insert(special).second)
      return base::fail(base::Code::kInvalidArgument,
                        "the special token '{}' is shorter than two bytes or comes twice", special);
  return BpeTrainer(std::move(options));
}

BpeTrainer::BpeTrainer(BpeTrainerOptions options) : options_(std::move(options)) {
  Vocabulary specials;
  specials.spellings = options_.special_tokens;
  specials.types.assign(specials.spellings.size(), TokenType::kControl);
  splitter_ = SpecialSplitter(specials);
}

void BpeTrainer::add(std::string_view text) {
  splitter_.split(
      text, Tokenizer::Special::kParse, [&](std::string_view plain) { add_plain(plain); },
      [](TokenId) {});
}

void BpeTrainer::add_plain(std::string_view text) {
  const auto pre_tokenizer = find_pre_tokenizer(options_.pre_tokenizer);
  const std::string valid = base::is_valid_utf8(text) ? std::string(text) : replace_bad_bytes(text);
  (*pre_tokenizer)->split(valid, [&](std::string_view word) { ++word_counts_[std::string(word)]; });
}

std::vector<BpeTrainer::Word> BpeTrainer::sorted_words() const {
  std::vector<Word> words;
  words.reserve(word_counts_.size());
  for (const auto& [bytes, count] : word_counts_) words.push_back({bytes, count});
  std::sort(words.begin(), words.end(),
            [](const Word& a, const Word& b) { return a.bytes < b.bytes; });
  return words;
}

TrainedVocabulary BpeTrainer::learn() const {
  TrainedVocabulary vocabulary;
  vocabulary.pre_tokenizer = options_.pre_tokenizer;
  for (unsigned byte = 0; byte < 256; ++byte)
    vocabulary.tokens.emplace_back(byte_spelling(static_cast<std::uint8_t>(byte)));
  std::vector<LearningWord> words;
  for (const Word& word : sorted_words()) {
    LearningWord learning{{}, word.count};
    for (const char byte : word.bytes) learning.symbols.push_back(static_cast<std::uint8_t>(byte));
    words.push_back(std::move(learning));
  }
  PairIndex index(std::move(words));
  std::unordered_map<std::string, TokenId> ids;  // of the merged tokens
  std::unordered_set<Pair> merged;
  const std::size_t plain_max = options_.vocabulary_size - options_.special_tokens.size();
  while (vocabulary.tokens.size() < plain_max) {
    const CountedPair best = index.pop_best();
    if (best.count == 0 || best.count < options_.pair_count_min) break;
    const std::string& left = vocabulary.tokens[static_cast<std::size_t>(left_of(best.pair))];
    const std::string& right = vocabulary.tokens[static_cast<std::size_t>(right_of(best.pair))];
    std::string joined = left + right;
    if (std::find(options_.special_tokens.begin(), options_.special_tokens.end(), joined) !=
        options_.special_tokens.end()) {
      index.drop(best.pair);
      continue;
    }
    if (merged.insert(best.pair).second) vocabulary.merges.push_back(left + " " + right);
    // Two pairs may spell the same text ("a"+"bc", "ab"+"c"), and a file holds each text once: the
    // second merge leads to the token that is there already.
    const auto [known, is_new] =
        ids.emplace(joined, static_cast<TokenId>(vocabulary.tokens.size()));
    index.merge(best.pair, known->second);
    if (is_new) vocabulary.tokens.push_back(std::move(joined));
  }
  vocabulary.token_types.assign(vocabulary.tokens.size(),
                                static_cast<std::int32_t>(TokenType::kNormal));
  for (const std::string& special : options_.special_tokens) {
    vocabulary.tokens.push_back(special);
    vocabulary.token_types.push_back(static_cast<std::int32_t>(TokenType::kControl));
  }
  return vocabulary;
}

void add_vocabulary(const TrainedVocabulary& vocabulary, const VocabularyRoles& roles,
                    gguf::Writer& writer) {
  writer.add("tokenizer.ggml.model", std::string("gpt2"));
  writer.add("tokenizer.ggml.pre", vocabulary.pre_tokenizer);
  writer.add("tokenizer.ggml.tokens", vocabulary.tokens);
  writer.add("tokenizer.ggml.token_type", vocabulary.token_types);
  writer.add("tokenizer.ggml.merges", vocabulary.merges);
  const auto add_role = [&](const char* key, const std::string& spelling) {
    if (spelling.empty()) return;
    const TokenId token = vocabulary.find(spelling);
    CHECK(token >= 0);
    writer.add(key, static_cast<std::uint32_t>(token));
  };
  add_role("tokenizer.ggml.bos_token_id", roles.bos);
  add_role("tokenizer.ggml.eos_token_id", roles.eos);
  add_role("tokenizer.ggml.padding_token_id", roles.padding);
  writer.add("tokenizer.ggml.add_bos_token", roles.add_bos);
}

}  // namespace nearside::text
