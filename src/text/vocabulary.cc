#include "text/vocabulary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace nearside::text {

namespace {

using base::Code;
using base::fail;

// Tokens that end an answer in the models that use these spellings, also where the file does not
// say so. Source: the models' own chat templates and generation settings; llama.cpp keeps the same
// list.
constexpr std::array<std::string_view, 22> kEndSpellings = {"<|eot_id|>",
                                                            "<|im_end|>",
                                                            "<|end|>",
                                                            "<|return|>",
                                                            "<|call|>",
                                                            "<end_of_turn>",
                                                            "<|endoftext|>",
                                                            "<|eom_id|>",
                                                            "<EOT>",
                                                            "_<EOT>",
                                                            "[EOT]",
                                                            "<|end_of_text|>",
                                                            "<end_of_utterance>",
                                                            "<｜end▁of▁sentence｜>",
                                                            "<|fim_pad|>",
                                                            "<fim-pad>",
                                                            "<fim_pad>",
                                                            "<|repo_name|>",
                                                            "<|reponame|>",
                                                            "<repo_name>",
                                                            "<|file_sep|>",
                                                            "<file_sep>"};

// The other fill-in-the-middle marks: control tokens whatever type the file gives them.
constexpr std::array<std::string_view, 9> kControlSpellings = {
    "<|fim_prefix|>", "<fim-prefix>",   "<fim_prefix>", "<|fim_suffix|>", "<fim-suffix>",
    "<fim_suffix>",   "<|fim_middle|>", "<fim-middle>", "<fim_middle>"};

template <typename List>
bool contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

base::Status read_tokens(const gguf::File& file, Vocabulary& vocabulary) {
  const std::vector<std::string_view> tokens = TRY(file.get_strings("tokenizer.ggml.tokens"));
  if (tokens.empty()) return fail(Code::kCorrupt, "tokenizer.ggml.tokens is empty");
  if (tokens.size() > kTokensMax)
    return fail(Code::kTooLarge, "the vocabulary has {} tokens; at most {} are read", tokens.size(),
                kTokensMax);
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i].size() > kTokenBytesMax)
      return fail(Code::kTooLarge, "token {} of the vocabulary has {} bytes; at most {} are read",
                  i, tokens[i].size(), kTokenBytesMax);
  vocabulary.spellings.assign(tokens.begin(), tokens.end());
  return {};
}

base::Status read_types(const gguf::File& file, Vocabulary& vocabulary) {
  const std::size_t count = vocabulary.spellings.size();
  vocabulary.types.assign(count, TokenType::kNormal);
  if (file.find("tokenizer.ggml.token_type") == nullptr) return {};
  const std::vector<std::int32_t> types = TRY(file.get_ints("tokenizer.ggml.token_type"));
  if (types.size() != count)
    return fail(Code::kCorrupt, "tokenizer.ggml.token_type has {} entries for {} tokens",
                types.size(), count);
  for (std::size_t i = 0; i < count; ++i) {
    if (types[i] < 0 || types[i] > static_cast<std::int32_t>(TokenType::kByte))
      return fail(Code::kCorrupt, "tokenizer.ggml.token_type gives token {} the type {}", i,
                  types[i]);
    vocabulary.types[i] = static_cast<TokenType>(types[i]);
  }
  return {};
}

base::Status read_scores(const gguf::File& file, Vocabulary& vocabulary) {
  if (file.find("tokenizer.ggml.scores") == nullptr) return {};
  vocabulary.scores = TRY(file.get_floats("tokenizer.ggml.scores"));
  if (vocabulary.scores.size() != vocabulary.spellings.size())
    return fail(Code::kCorrupt, "tokenizer.ggml.scores has {} entries for {} tokens",
                vocabulary.scores.size(), vocabulary.spellings.size());
  for (std::size_t i = 0; i < vocabulary.scores.size(); ++i)
    if (std::isnan(vocabulary.scores[i]))
      return fail(Code::kCorrupt, "tokenizer.ggml.scores gives token {} no number", i);
  return {};
}

/// The first of `keys` that the file has; -1 for none.
base::Result<TokenId> read_id(const gguf::File& file, std::size_t tokens_count,
                              std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (file.find(key) == nullptr) continue;
    const std::uint64_t id = TRY(file.get_uint(key));
    if (id >= tokens_count)
      return fail(Code::kCorrupt, "{} is {}, but the vocabulary has {} tokens", key, id,
                  tokens_count);
    return static_cast<TokenId>(id);
  }
  return TokenId{-1};
}

base::Status read_special_ids(const gguf::File& file, Vocabulary& vocabulary) {
  const std::size_t count = vocabulary.spellings.size();
  vocabulary.bos =
      TRY(read_id(file, count, {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.cls_token_id"}));
  // "seperator" is how the format spells it.
  vocabulary.eos = TRY(
      read_id(file, count, {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.seperator_token_id"}));
  vocabulary.unknown = TRY(read_id(file, count, {"tokenizer.ggml.unknown_token_id"}));
  const TokenId end_of_turn = TRY(read_id(file, count, {"tokenizer.ggml.eot_token_id"}));
  const TokenId end_of_message = TRY(read_id(file, count, {"tokenizer.ggml.eom_token_id"}));

  const auto ends = [&](TokenId token) {
    std::vector<TokenId>& known = vocabulary.end_tokens;
    if (token >= 0 && std::find(known.begin(), known.end(), token) == known.end())
      vocabulary.end_tokens.push_back(token);
  };
  ends(vocabulary.eos);
  ends(end_of_turn);
  ends(end_of_message);
  bool returns = false;
  bool calls = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& spelling = vocabulary.spellings[i];
    // All these spellings are told apart from ordinary tokens by how they start.
    if (spelling.empty() || std::string_view("<_[").find(spelling[0]) == std::string_view::npos)
      continue;
    // "</s>" is also how HTML strikes text out: a normal token in vocabularies made for code.
    const bool is_end = contains(kEndSpellings, spelling) ||
                        (spelling == "</s>" && vocabulary.types[i] != TokenType::kNormal);
    if (is_end) ends(static_cast<TokenId>(i));
    if (is_end || contains(kControlSpellings, spelling)) vocabulary.types[i] = TokenType::kControl;
    returns = returns || spelling == "<|return|>";
    calls = calls || spelling == "<|call|>";
  }
  // In the harmony format <|end|> ends a message, not the answer.
  if (returns && calls)
    std::erase_if(vocabulary.end_tokens, [&](TokenId token) {
      return vocabulary.spellings[static_cast<std::size_t>(token)] == "<|end|>";
    });
  return {};
}

}  // namespace

base::Result<Vocabulary> Vocabulary::read(const gguf::File& file) {
  Vocabulary vocabulary;
  if (file.find("tokenizer.ggml.tokens") == nullptr)
    return fail(Code::kCorrupt, "the file has no vocabulary (tokenizer.ggml.tokens)");
  TRY(read_tokens(file, vocabulary));
  TRY(read_types(file, vocabulary));
  TRY(read_scores(file, vocabulary));
  TRY(read_special_ids(file, vocabulary));
  return vocabulary;
}

}  // namespace nearside::text
