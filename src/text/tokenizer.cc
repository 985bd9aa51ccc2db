#include "text/tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "text/bpe_tokenizer.h"
#include "text/spm_tokenizer.h"
#include "text/vocabulary.h"
#include "text/wordpiece_tokenizer.h"

namespace nearside::text {

namespace {

struct Kind {
  std::string_view model;  // tokenizer.ggml.model
  base::Result<std::unique_ptr<Tokenizer>> (*create)(const gguf::File& file, Vocabulary vocabulary);
};

// A new kind of tokenizer is one line here.
constexpr std::array kKinds = {
    Kind{"gpt2", &BpeTokenizer::create},
    Kind{"llama", &SpmTokenizer::create},
    Kind{"bert", &WordPieceTokenizer::create},
};

}  // namespace

base::Result<std::unique_ptr<Tokenizer>> Tokenizer::from_gguf(const gguf::File& file) {
  if (file.find("tokenizer.ggml.model") == nullptr)
    return base::fail(base::Code::kCorrupt,
                      "the file names no kind of tokenizer (tokenizer.ggml.model)");
  const std::string_view model = TRY(file.get_string("tokenizer.ggml.model"));
  const auto* kind = std::find_if(kKinds.begin(), kKinds.end(),
                                  [&](const Kind& candidate) { return candidate.model == model; });
  if (kind == kKinds.end())
    return base::fail(base::Code::kUnsupported,
                      "the model's tokenizer '{}' is not of a kind that Nearside knows", model);
  Vocabulary vocabulary = TRY(Vocabulary::read(file));
  return kind->create(file, std::move(vocabulary));
}

void Tokenizer::adopt(Vocabulary&& vocabulary) {
  size_ = vocabulary.spellings.size();
  bos_ = vocabulary.bos;
  eos_ = vocabulary.eos;
  end_tokens_ = std::move(vocabulary.end_tokens);
  spellings_ = std::move(vocabulary.spellings);
}

std::string Tokenizer::decode_all(std::span<const TokenId> tokens, bool with_special) const {
  std::string text;
  for (const TokenId token : tokens) text += decode(token, with_special);
  if (space_before_text_ && text.starts_with(' ')) text.erase(0, 1);
  return text;
}

bool Tokenizer::ends_generation(TokenId token) const {
  return std::find(end_tokens_.begin(), end_tokens_.end(), token) != end_tokens_.end();
}

}  // namespace nearside::text
