#include "convert/tokenizer_json.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "text/vocabulary.h"

namespace nearside::convert {

namespace json = base::json;
using base::Code;
using base::fail;
using base::Result;
using base::Status;
using text::TokenType;

namespace {

const json::object* object_of(const json::object& parent, std::string_view key) {
  const json::value* const value = parent.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}
const json::array* array_of(const json::object& parent, std::string_view key) {
  const json::value* const value = parent.if_contains(key);
  return value == nullptr ? nullptr : value->if_array();
}
std::string_view text_of(const json::object& parent, std::string_view key) {
  const json::value* const value = parent.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}
bool flag_of(const json::object& parent, std::string_view key) {
  const json::value* const value = parent.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

/// Every splitting expression in a pre-tokenizer, which may be a sequence of them.
void collect_patterns(const json::object& pre, std::vector<std::string_view>& out) {
  if (const json::array* list = array_of(pre, "pretokenizers"))
    for (const json::value& one : *list)
      if (one.is_object()) collect_patterns(one.get_object(), out);
  if (const json::object* pattern = object_of(pre, "pattern"))
    out.push_back(text_of(*pattern, "Regex"));
}

/// Source: the tokenizer.json of the models named; what tells them apart is how digits are split.
Result<std::string> pre_tokenizer(const json::object& tokenizer) {
  const json::object* const pre = object_of(tokenizer, "pre_tokenizer");
  std::vector<std::string_view> patterns;
  if (pre != nullptr) collect_patterns(*pre, patterns);
  if (patterns.empty()) return std::string("gpt-2");  // ByteLevel with its own expression
  if (patterns.size() == 1) {
    const bool words = patterns[0].starts_with(
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]"
        "?\\p{L}+|\\p{N}");
    if (words && patterns[0].find("|\\p{N}{1,3}|") != std::string_view::npos)
      return std::string("llama-bpe");
    if (words && patterns[0].find("|\\p{N}|") != std::string_view::npos)
      return std::string("qwen2");
  }
  return fail(Code::kUnsupported,
              "tokenizer.json: the pre_tokenizer splits by an expression that is not known: {}",
              patterns[0].substr(0, 120));
}

class Vocabulary {
 public:
  explicit Vocabulary(std::uint64_t size) : tokens_(size), types_(size, TokenType::kUnused) {}

  Status read(const json::object& vocab) {
    for (const auto& member : vocab) {
      const std::int64_t* const id = member.value().if_int64();
      if (id == nullptr) return bad_id(member.key());
      TRY(set(member.key(), *id, TokenType::kNormal));
    }
    return {};
  }
  Status read_added(const json::array& added) {
    for (const json::value& value : added) {
      const json::object* const token = value.if_object();
      const json::value* const id = token ? token->if_contains("id") : nullptr;
      if (id == nullptr || !id->is_int64())
        return fail(Code::kCorrupt, "tokenizer.json: an added token has no id");
      TRY(set(text_of(*token, "content"), id->get_int64(),
              flag_of(*token, "special") ? TokenType::kControl : TokenType::kUserDefined));
    }
    return {};
  }
  /// Byte tokens ("<0x0A>") and the unknown token of SentencePiece.
  void mark_sentence_piece(std::string_view unknown) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const std::string& token = tokens_[i];
      if (token.size() == 6 && token.starts_with("<0x") && token.back() == '>')
        types_[i] = TokenType::kByte;
      if (!unknown.empty() && token == unknown) types_[i] = TokenType::kUnknown;
    }
  }
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const {
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (types_[i] != TokenType::kUnused && tokens_[i] == text)
        return static_cast<std::uint32_t>(i);
    return std::nullopt;
  }
  void write(gguf::Writer& writer, bool with_scores) {
    std::vector<std::int32_t> types;
    std::vector<float> scores;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (types_[i] == TokenType::kUnused) tokens_[i] = fmt::format("[PAD{}]", i);
      types.push_back(static_cast<std::int32_t>(types_[i]));
      scores.push_back(types_[i] == TokenType::kNormal ? -static_cast<float>(i) : 0.0F);
    }
    writer.add("tokenizer.ggml.tokens", tokens_);
    writer.add("tokenizer.ggml.token_type", types);
    if (with_scores) writer.add("tokenizer.ggml.scores", scores);
  }

 private:
  static base::Error bad_id(std::string_view token) {
    return fail(Code::kCorrupt,
                "tokenizer.json: the token {:?} has an id that the embedding has no row for",
                std::string(token));
  }
  Status set(std::string_view text, std::int64_t id, TokenType type) {
    if (id < 0 || static_cast<std::size_t>(id) >= tokens_.size()) return bad_id(text);
    tokens_[static_cast<std::size_t>(id)] = std::string(text);
    types_[static_cast<std::size_t>(id)] = type;
    return {};
  }

  std::vector<std::string> tokens_;
  std::vector<TokenType> types_;
};

Status write_merges(const json::object& model, gguf::Writer& writer) {
  const json::array* const merges = array_of(model, "merges");
  if (merges == nullptr) return fail(Code::kCorrupt, "tokenizer.json: the model has no merges");
  std::vector<std::string> out;
  for (const json::value& merge : *merges) {
    if (const json::string* text = merge.if_string()) {  // "a b"
      out.emplace_back(std::string_view(*text));
      continue;
    }
    const json::array* const pair = merge.if_array();  // ["a", "b"]
    if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string())
      return fail(Code::kCorrupt, "tokenizer.json: a merge is not a pair of tokens");
    out.push_back(std::string((*pair)[0].get_string()) + " " +
                  std::string((*pair)[1].get_string()));
  }
  writer.add("tokenizer.ggml.merges", out);
  return {};
}

/// bos_token_id or eos_token_id of config.json (of a list, the first), else by its text in
/// tokenizer_config.json.
std::optional<std::uint32_t> special_id(const Checkpoint& checkpoint, const Vocabulary& vocabulary,
                                        const std::string& name, std::uint64_t size) {
  const json::value* id = checkpoint.config().if_contains(name + "_token_id");
  if (id != nullptr && id->is_array() && !id->get_array().empty()) id = &id->get_array()[0];
  if (id != nullptr && id->is_int64() && id->get_int64() >= 0 &&
      static_cast<std::uint64_t>(id->get_int64()) < size)
    return static_cast<std::uint32_t>(id->get_int64());
  const json::object& config = checkpoint.tokenizer_config();
  std::string_view text = text_of(config, name + "_token");
  if (const json::object* token = object_of(config, name + "_token"))
    text = text_of(*token, "content");
  return text.empty() ? std::nullopt : vocabulary.find(text);
}

/// Whether encoding begins with BOS: said outright, or by the template of the post-processor.
bool adds_bos(const Checkpoint& checkpoint, bool otherwise) {
  const json::value* const said = checkpoint.tokenizer_config().if_contains("add_bos_token");
  if (said != nullptr && said->is_bool()) return said->get_bool();
  const json::object* const post = object_of(checkpoint.tokenizer(), "post_processor");
  if (post == nullptr) return otherwise;
  const std::string text = json::serialize(*post);
  return text.find("SpecialToken") != std::string::npos;
}

}  // namespace

Status write_tokenizer(const Checkpoint& checkpoint, std::uint64_t vocabulary,
                       gguf::Writer& writer) {
  const json::object& tokenizer = checkpoint.tokenizer();
  const json::object* const model = object_of(tokenizer, "model");
  const json::object* const vocab = model == nullptr ? nullptr : object_of(*model, "vocab");
  if (vocab == nullptr)
    return fail(Code::kCorrupt, "tokenizer.json: no model with a vocabulary by token");
  const std::string_view kind = text_of(*model, "type");
  if (!kind.empty() && kind != "BPE")
    return fail(Code::kUnsupported, "tokenizer.json: a model of type {} is not supported", kind);
  const bool sentence_piece = flag_of(*model, "byte_fallback");

  Vocabulary tokens(vocabulary);
  TRY(tokens.read(*vocab));
  if (const json::array* added = array_of(tokenizer, "added_tokens"))
    TRY(tokens.read_added(*added));
  const std::optional<std::uint32_t> bos = special_id(checkpoint, tokens, "bos", vocabulary);
  const std::optional<std::uint32_t> eos = special_id(checkpoint, tokens, "eos", vocabulary);
  if (sentence_piece) {
    tokens.mark_sentence_piece(text_of(*model, "unk_token"));
    writer.add("tokenizer.ggml.model", std::string("llama"));
    // Gemma's normalizer replaces blanks only; llama's also puts one in front.
    const json::object* const normalizer = object_of(tokenizer, "normalizer");
    const bool prefix =
        normalizer != nullptr && json::serialize(*normalizer).find("Prepend") != std::string::npos;
    writer.add("tokenizer.ggml.add_space_prefix", prefix);
  } else {
    const std::string pre = TRY(pre_tokenizer(tokenizer));
    writer.add("tokenizer.ggml.model", std::string("gpt2"));
    writer.add("tokenizer.ggml.pre", pre);
    TRY(write_merges(*model, writer));
  }
  tokens.write(writer, sentence_piece);
  if (bos) writer.add("tokenizer.ggml.bos_token_id", *bos);
  if (eos) writer.add("tokenizer.ggml.eos_token_id", *eos);
  writer.add("tokenizer.ggml.add_bos_token", bos && adds_bos(checkpoint, sentence_piece));
  if (!checkpoint.chat_template().empty())
    writer.add("tokenizer.chat_template", checkpoint.chat_template());
  return {};
}

}  // namespace nearside::convert
