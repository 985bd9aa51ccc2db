#include "text/spm_tokenizer.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <utility>

#include "text/seeded_hash.h"

namespace nearside::text {

namespace {

using base::Code;
using base::fail;

constexpr std::string_view kSpace = "\u2581";

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  out.reserve(text.size());
  std::size_t start = 0;
  for (std::size_t at = 0; (at = text.find(from, start)) != std::string_view::npos;
       start = at + from.size())
    out.append(text.substr(start, at - start)).append(to);
  return out.append(text.substr(start));
}

/// "<0x0A>" -> 10
std::optional<std::uint8_t> byte_of(std::string_view spelling) {
  std::uint8_t byte = 0;
  if (spelling.size() != 6 || !spelling.starts_with("<0x") || spelling[5] != '>')
    return std::nullopt;
  const auto [end, error] = std::from_chars(spelling.data() + 3, spelling.data() + 5, byte, 16);
  if (error != std::errc() || end != spelling.data() + 5) return std::nullopt;
  return byte;
}

/// Where the word that starts at `at` ends: before the next space that follows something else.
std::size_t end_of_word(std::string_view text, std::size_t at) {
  while (text.substr(at).starts_with(kSpace)) at += kSpace.size();
  return std::min(text.find(kSpace, at), text.size());
}

bool has_inner_space(std::string_view spelling) {
  return end_of_word(spelling, 0) < spelling.size();
}

/// Remembers how words of one text were encoded. Each word has one slot, which the next word with
/// the same hash takes over: no text can make it slow.
class WordMemory {
 public:
  explicit WordMemory(std::size_t text_bytes)
      : slots_(std::bit_ceil(std::min<std::size_t>(text_bytes / 16 + 1, kSlotsMax))) {}

  struct Slot {
    std::string_view word;
    std::size_t start = 0;  // of its ids in the output
    std::size_t count = 0;
  };
  Slot& slot_of(std::string_view word) { return slots_[hash_bytes(word, 0) & (slots_.size() - 1)]; }

 private:
  static constexpr std::size_t kSlotsMax = 8192;  // 256 KiB: stays in the processor's cache
  std::vector<Slot> slots_;
};

}  // namespace

base::Result<std::unique_ptr<Tokenizer>> SpmTokenizer::create(const gguf::File& file,
                                                              Vocabulary vocabulary) {
  std::unique_ptr<SpmTokenizer> tokenizer(new SpmTokenizer);
  if (vocabulary.scores.empty())
    return fail(Code::kCorrupt, "the vocabulary has no scores (tokenizer.ggml.scores)");
  TRY(tokenizer->build_tables(vocabulary));
  // Phi-3 was trained with the spaces after its special tokens taken away; the file does not say.
  std::string name = file.find("general.name") == nullptr
                         ? std::string()
                         : std::string(TRY(file.get_string("general.name")));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const bool is_phi3 =
      name.find("phi-3") != std::string::npos || name.find("phi3") != std::string::npos;
  tokenizer->splitter_ = SpecialSplitter(vocabulary, is_phi3);
  tokenizer->adopt(std::move(vocabulary));
  tokenizer->space_before_text_ = TRY(file.get_bool_or("tokenizer.ggml.add_space_prefix", true));
  tokenizer->add_bos_ = TRY(file.get_bool_or("tokenizer.ggml.add_bos_token", true));
  tokenizer->add_eos_ = TRY(file.get_bool_or("tokenizer.ggml.add_eos_token", false));
  return std::unique_ptr<Tokenizer>(std::move(tokenizer));
}

base::Status SpmTokenizer::build_tables(Vocabulary& vocabulary) {
  const std::size_t count = vocabulary.spellings.size();
  bytes_.resize(count);
  hidden_.resize(count);
  texts_.resize(count);
  byte_tokens_.fill(-1);
  words_are_apart_ = true;
  std::vector<TokenTable::Entry> entries;
  entries.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto token = static_cast<TokenId>(i);
    const std::string& spelling = vocabulary.spellings[i];
    hidden_[i] = vocabulary.is_special(token);
    if (vocabulary.types[i] == TokenType::kByte) {
      const std::optional<std::uint8_t> byte = byte_of(spelling);
      if (!byte)
        return fail(Code::kCorrupt, "token {} of the vocabulary is a byte but spelled '{}'", i,
                    spelling);
      byte_tokens_[*byte] = token;
      bytes_[i] = static_cast<char>(*byte);
      continue;
    }
    if (vocabulary.unknown < 0 && vocabulary.types[i] == TokenType::kUnknown)
      vocabulary.unknown = token;
    const bool verbatim = hidden_[i] || vocabulary.types[i] == TokenType::kUserDefined;
    bytes_[i] = verbatim ? spelling : replace_all(spelling, kSpace, " ");
    if (hidden_[i] || spelling.empty()) continue;
    texts_[i] = spelling;
    entries.push_back({texts_[i], token});
    text_bytes_max_ = std::max(text_bytes_max_, spelling.size());
    words_are_apart_ = words_are_apart_ && !has_inner_space(spelling);
  }
  by_text_ = TRY(TokenTable::build(entries));
  scores_ = vocabulary.scores;
  unknown_ = vocabulary.unknown;
  return {};
}

void SpmTokenizer::encode(std::string_view text, Special special, std::vector<TokenId>& out) const {
  bool after_special = true;  // the start of the text counts as one
  splitter_.split(
      text, special,
      [&](std::string_view plain) {
        std::string escaped = replace_all(plain, " ", kSpace);
        if (space_before_text_ && after_special) escaped.insert(0, kSpace);
        encode_escaped(escaped, out);
        after_special = false;
      },
      [&](TokenId token) {
        out.push_back(token);
        after_special = true;
      });
}

void SpmTokenizer::encode_escaped(std::string_view text, std::vector<TokenId>& out) const {
  if (!words_are_apart_) return encode_word(text, out);
  WordMemory memory(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = end_of_word(text, at);
    const std::string_view word = text.substr(at, end - at);
    WordMemory::Slot& slot = memory.slot_of(word);
    const std::size_t start = out.size();
    if (slot.word == word) {
      out.resize(start + slot.count);
      std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(slot.start), slot.count,
                  out.begin() + static_cast<std::ptrdiff_t>(start));
    } else {
      encode_word(word, out);
      slot = {word, start, out.size() - start};
    }
    at = end;
  }
}

void SpmTokenizer::encode_word(std::string_view word, std::vector<TokenId>& out) const {
  merge_pieces({by_text_, scores_, text_bytes_max_}, word, [&](std::string_view piece) {
    if (const TokenId token = by_text_.find(piece); token >= 0) {
      out.push_back(token);
      return;
    }
    for (const char byte : piece) {
      const TokenId token = byte_tokens_[static_cast<std::uint8_t>(byte)];
      if (token >= 0 || unknown_ >= 0) out.push_back(token >= 0 ? token : unknown_);
    }
  });
}

std::string SpmTokenizer::decode(TokenId token, bool with_special) const {
  const auto index = static_cast<std::size_t>(token);
  return index >= bytes_.size() || (hidden_[index] && !with_special) ? std::string()
                                                                     : bytes_[index];
}

}  // namespace nearside::text
