#include "text/bpe_tokenizer.h"

#include <utility>

#include "base/utf8.h"
#include "text/bpe_merger.h"
#include "text/byte_alphabet.h"
#include "text/characters.h"

namespace nearside::text {

namespace {

using base::Code;
using base::fail;

base::Result<std::vector<Merge>> read_merges(const gguf::File& file, const Vocabulary& vocabulary,
                                             const TokenTable& by_spelling) {
  if (file.find("tokenizer.ggml.merges") == nullptr)
    return fail(Code::kCorrupt, "the vocabulary has no merges (tokenizer.ggml.merges)");
  const std::vector<std::string_view> lines = TRY(file.get_strings("tokenizer.ggml.merges"));
  std::vector<Merge> merges;
  merges.reserve(lines.size());
  std::string joined;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    // A token never starts with a space, so the first one after the first byte parts the two.
    const std::size_t space = lines[i].find(' ', 1);
    if (space == std::string_view::npos || space + 1 == lines[i].size())
      return fail(Code::kCorrupt, "merge {} of the vocabulary is not two tokens with a space", i);
    const std::string_view left = lines[i].substr(0, space);
    const std::string_view right = lines[i].substr(space + 1);
    joined.assign(left).append(right);
    const Merge merge = {by_spelling.find(left), by_spelling.find(right), by_spelling.find(joined)};
    if (merge.left < 0 || merge.right < 0 || merge.result < 0)
      return fail(Code::kCorrupt, "merge {} of the vocabulary names text that is not a token", i);
    // Text that a user wrote must never merge into a control token; an empty merge keeps its rank.
    merges.push_back(vocabulary.is_special(merge.result) ? Merge{} : merge);
  }
  return merges;
}

}  // namespace

base::Result<std::unique_ptr<Tokenizer>> BpeTokenizer::create(const gguf::File& file,
                                                              Vocabulary vocabulary) {
  std::unique_ptr<BpeTokenizer> tokenizer(new BpeTokenizer);
  const std::string_view pre = file.find("tokenizer.ggml.pre") == nullptr
                                   ? "default"
                                   : TRY(file.get_string("tokenizer.ggml.pre"));
  tokenizer->pre_tokenizer_ = TRY(find_pre_tokenizer(pre));
  TRY(tokenizer->build_tables(file, vocabulary));
  tokenizer->splitter_ = SpecialSplitter(vocabulary);
  tokenizer->find_whole_tokens();
  tokenizer->adopt(std::move(vocabulary));
  tokenizer->add_bos_ =
      TRY(file.get_bool_or("tokenizer.ggml.add_bos_token", tokenizer->pre_tokenizer_->add_bos));
  tokenizer->add_eos_ = TRY(file.get_bool_or("tokenizer.ggml.add_eos_token", false));
  return std::unique_ptr<Tokenizer>(std::move(tokenizer));
}

base::Status BpeTokenizer::build_tables(const gguf::File& file, const Vocabulary& vocabulary) {
  std::vector<TokenTable::Entry> entries;
  entries.reserve(vocabulary.spellings.size());
  for (std::size_t i = 0; i < vocabulary.spellings.size(); ++i)
    if (!vocabulary.spellings[i].empty())
      entries.push_back({vocabulary.spellings[i], static_cast<TokenId>(i)});
  const TokenTable by_spelling = TRY(TokenTable::build(entries));
  const std::vector<Merge> merges = TRY(read_merges(file, vocabulary, by_spelling));
  merges_ = TRY(MergeTable::build(merges));
  build_bytes(vocabulary, by_spelling);

  entries.clear();
  for (std::size_t i = 0; i < bytes_.size(); ++i)
    // User-defined tokens are found before words are; their spelling is not in the byte alphabet.
    if (!hidden_[i] && vocabulary.types[i] != TokenType::kUserDefined && !bytes_[i].empty() &&
        unspell_bytes(vocabulary.spellings[i]))
      entries.push_back({bytes_[i], static_cast<TokenId>(i)});
  by_bytes_ = TRY(TokenTable::build(entries));
  return {};
}

void BpeTokenizer::build_bytes(const Vocabulary& vocabulary, const TokenTable& by_spelling) {
  const std::size_t count = vocabulary.spellings.size();
  bytes_.resize(count);
  hidden_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    hidden_[i] = vocabulary.is_special(static_cast<TokenId>(i));
    const std::string& spelling = vocabulary.spellings[i];
    const bool verbatim = hidden_[i] || vocabulary.types[i] == TokenType::kUserDefined;
    bytes_[i] = verbatim ? spelling : unspell_bytes(spelling).value_or(spelling);
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    const TokenId token = by_spelling.find(byte_spelling(static_cast<std::uint8_t>(byte)));
    byte_tokens_[byte] = token >= 0 && hidden_[static_cast<std::size_t>(token)] ? -1 : token;
  }
}

void BpeTokenizer::find_whole_tokens() {
  whole_.resize(bytes_.size());
  std::vector<TokenId> symbols;
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    if (by_bytes_.find(bytes_[i]) != static_cast<TokenId>(i)) continue;
    if (!pre_tokenizer_->ignore_merges) {
      spell(bytes_[i], symbols);
      merge_symbols(merges_, symbols);
    }
    whole_[i] = pre_tokenizer_->ignore_merges ||
                (symbols.size() == 1 && symbols[0] == static_cast<TokenId>(i));
  }
}

void BpeTokenizer::spell(std::string_view word, std::vector<TokenId>& symbols) const {
  symbols.clear();
  for (const char byte : word)
    if (const TokenId token = byte_tokens_[static_cast<std::uint8_t>(byte)]; token >= 0)
      symbols.push_back(token);
}

void BpeTokenizer::encode(std::string_view text, Special special, std::vector<TokenId>& out) const {
  splitter_.split(
      text, special,
      [&](std::string_view plain) {
        if (base::is_valid_utf8(plain))
          encode_plain(plain, out);
        else
          encode_plain(replace_bad_bytes(plain), out);
      },
      [&](TokenId token) { out.push_back(token); });
}

void BpeTokenizer::encode_plain(std::string_view text, std::vector<TokenId>& out) const {
  std::vector<TokenId> symbols;
  pre_tokenizer_->split(text, [&](std::string_view word) {
    if (const TokenId token = by_bytes_.find(word);
        token >= 0 && whole_[static_cast<std::size_t>(token)]) {
      out.push_back(token);
      return;
    }
    spell(word, symbols);
    merge_symbols(merges_, symbols);
    out.insert(out.end(), symbols.begin(), symbols.end());
  });
}

std::string BpeTokenizer::decode(TokenId token, bool with_special) const {
  const auto index = static_cast<std::size_t>(token);
  return index >= bytes_.size() || (hidden_[index] && !with_special) ? std::string()
                                                                     : bytes_[index];
}

}  // namespace nearside::text
