#include "text/pre_tokenizer.h"

#include <algorithm>

#include "text/characters.h"

namespace nearside::text {

namespace {

// Source: the "pre_tokenizer" of each model's tokenizer.json; names as llama.cpp writes them to
// GGUF files.
const std::vector<PreTokenizer>& pre_tokenizers() {
  static const std::vector<PreTokenizer> list = {
      {{"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"},
       {match_llama3},
       true,
       true},
      {{"dbrx", "smaug-bpe", "glm4", "chatglm-bpe"}, {match_llama3}, false, false},
      {{"qwen2", "deepseek-r1-qwen", "megrez", "stablelm2", "hunyuan", "grok-2", "solar-open"},
       {match_qwen2},
       false,
       false},
      {{"qwen35"}, {match_qwen35}, false, false},
      {{"ufakzeka"}, {match_plain_words}, false, false},
      {{"seed-coder"}, {match_seed_coder}, false, false},
      {{"tekken"}, {match_tekken}, true, true},
      {{"gpt-4o", "llama4", "kanana2", "minimax-m2"}, {match_gpt4o}, false, false},
      {{"gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4",
        "gigachat", "mellum", "modern-bert", "roberta-bpe", "jina-es", "jina-de"},
       {match_gpt2},
       false,
       false},
      {{"starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b",
        "mellum2"},
       {match_number, match_gpt2},
       false,
       false},
      {{"deepseek-llm"},
       {match_line_end, match_deepseek_letters, match_deepseek_punctuation, match_space_at_end,
        match_cjk, match_numbers},
       false,
       false},
      {{"deepseek-coder"},
       {match_line_end, match_space_letters, match_space_punctuation, match_cjk, match_number},
       false,
       false},
      {{"deepseek-v3", "hunyuan-dense", "joyai-llm"},
       {match_numbers_to_three, match_han_kana, match_deepseek3},
       false,
       false},
      {{"falcon"}, {match_falcon_punctuation, match_gpt2, match_three_digits}, false, false},
      {{"bloom", "poro-chat", "gpt3-finnish"}, {match_bloom_words}, false, false},
      {{"viking"}, {match_bloom_words, match_number}, false, false},
      {{"default"},
       {match_punctuation, match_gpt2, match_numbers, match_three_digits},
       false,
       false},
  };
  return list;
}

/// Cuts every piece by one rule. `lengths` are the pieces' lengths in characters.
std::vector<std::size_t> cut(const Characters& characters, const std::vector<std::size_t>& lengths,
                             SplitRule rule) {
  std::vector<std::size_t> cuts;
  cuts.reserve(lengths.size() + characters.code.size() / 4);
  std::size_t start = 0;
  for (const std::size_t length : lengths) {
    const PieceView piece{std::span(characters.code).subspan(start, length),
                          std::span(characters.bits).subspan(start, length)};
    std::size_t unmatched = 0;
    for (std::size_t at = 0; at < length;) {
      const std::size_t matched = rule(piece, at);
      if (matched == 0) {
        ++unmatched;
        ++at;
        continue;
      }
      if (unmatched > 0) cuts.push_back(unmatched);
      unmatched = 0;
      cuts.push_back(matched);
      at += matched;
    }
    if (unmatched > 0) cuts.push_back(unmatched);
    start += length;
  }
  return cuts;
}

}  // namespace

void PreTokenizer::split(std::string_view text,
                         const std::function<void(std::string_view)>& word) const {
  if (text.empty()) return;
  const Characters characters(text);
  std::vector<std::size_t> lengths = {characters.code.size()};
  for (const SplitRule rule : rules) lengths = cut(characters, lengths, rule);
  std::size_t character = 0;
  std::size_t byte = 0;
  for (const std::size_t length : lengths) {
    std::size_t bytes = 0;
    for (const std::size_t end = character + length; character < end; ++character)
      bytes += utf8_bytes(characters.code[character]);
    word(text.substr(byte, bytes));
    byte += bytes;
  }
}

base::Result<const PreTokenizer*> find_pre_tokenizer(std::string_view name) {
  for (const PreTokenizer& candidate : pre_tokenizers())
    if (std::find(candidate.names.begin(), candidate.names.end(), name) != candidate.names.end())
      return &candidate;
  return base::fail(base::Code::kUnsupported,
                    "the model's pre-tokenizer '{}' is not one that Nearside knows", name);
}

}  // namespace nearside::text
