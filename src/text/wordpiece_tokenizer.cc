#include "text/wordpiece_tokenizer.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "text/bert_words.h"
#include "text/characters.h"

namespace nearside::text {

namespace {

constexpr std::string_view kWordStart = "\u2581";

bool starts_character(std::string_view text, std::size_t at) {
  return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
}

}  // namespace

base::Result<std::unique_ptr<Tokenizer>> WordPieceTokenizer::create(const gguf::File& file,
                                                                    Vocabulary vocabulary) {
  std::unique_ptr<WordPieceTokenizer> tokenizer(new WordPieceTokenizer);
  TRY(tokenizer->build_tables(vocabulary));
  tokenizer->splitter_ = SpecialSplitter(vocabulary);
  tokenizer->adopt(std::move(vocabulary));
  tokenizer->lower_case_ = TRY(file.get_bool_or("tokenizer.ggml.normalizer.lowercase", true));
  tokenizer->strip_accents_ =
      TRY(file.get_bool_or("tokenizer.ggml.normalizer.strip_accents", tokenizer->lower_case_));
  tokenizer->space_before_text_ = true;
  tokenizer->add_bos_ = TRY(file.get_bool_or("tokenizer.ggml.add_bos_token", true));
  tokenizer->add_eos_ = TRY(file.get_bool_or("tokenizer.ggml.add_eos_token", true));
  return std::unique_ptr<Tokenizer>(std::move(tokenizer));
}

base::Status WordPieceTokenizer::build_tables(const Vocabulary& vocabulary) {
  const std::size_t count = vocabulary.spellings.size();
  bytes_.resize(count);
  hidden_.resize(count);
  texts_.resize(count);
  std::vector<TokenTable::Entry> entries;
  entries.reserve(count);
  unknown_ = vocabulary.unknown;
  for (std::size_t i = 0; i < count; ++i) {
    const auto token = static_cast<TokenId>(i);
    const std::string& spelling = vocabulary.spellings[i];
    hidden_[i] = vocabulary.is_special(token);
    if (unknown_ < 0 && vocabulary.types[i] == TokenType::kUnknown) unknown_ = token;
    const bool starts_word = !hidden_[i] && spelling.starts_with(kWordStart);
    bytes_[i] = starts_word ? " " + spelling.substr(kWordStart.size()) : spelling;
    if (hidden_[i] || spelling.empty()) continue;
    texts_[i] = spelling;
    entries.push_back({texts_[i], token});
    text_bytes_max_ = std::max(text_bytes_max_, spelling.size());
  }
  by_text_ = TRY(TokenTable::build(entries));
  if (unknown_ < 0)
    return base::fail(base::Code::kCorrupt,
                      "the vocabulary has no unknown token (tokenizer.ggml.unknown_token_id)");
  return {};
}

void WordPieceTokenizer::encode(std::string_view text, Special special,
                                std::vector<TokenId>& out) const {
  splitter_.split(
      text, special,
      [&](std::string_view plain) {
        const std::string valid =
            base::is_valid_utf8(plain) ? std::string(plain) : replace_bad_bytes(plain);
        for (const std::string& word : bert_words(valid, {lower_case_, strip_accents_})) {
          if (word.empty())
            out.push_back(unknown_);
          else
            encode_word(std::string(kWordStart) + word, out);
        }
      },
      [&](TokenId token) { out.push_back(token); });
}

void WordPieceTokenizer::encode_word(std::string_view word, std::vector<TokenId>& out) const {
  const std::size_t before = out.size();
  for (std::size_t at = 0; at < word.size();) {
    std::size_t end = std::min(word.size(), at + text_bytes_max_);
    TokenId token = -1;
    for (; end > at && token < 0; --end)
      if (starts_character(word, end)) token = by_text_.find(word.substr(at, end - at));
    if (token < 0) {
      out.resize(before);
      out.push_back(unknown_);
      return;
    }
    out.push_back(token);
    at = end + 1;
  }
}

std::string WordPieceTokenizer::decode(TokenId token, bool with_special) const {
  const auto index = static_cast<std::size_t>(token);
  return index >= bytes_.size() || (hidden_[index] && !with_special) ? std::string()
                                                                     : bytes_[index];
}

}  // namespace nearside::text
