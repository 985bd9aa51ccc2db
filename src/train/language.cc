#include "train/language.h"

#include "base/check.h"
#include "text/bpe_trainer.h"

namespace nearside::train {
namespace {

constexpr const char* kTurnStart = "<|im_start|>";
constexpr const char* kTurnEnd = "<|im_end|>";
constexpr const char* kEndOfText = "<|endoftext|>";
constexpr const char* kTemplateKey = "tokenizer.chat_template";
// Pairs rarer than this are chance neighbours in codes and names; as tokens they would only split
// codes in ways that training hardly shows.
constexpr std::size_t kPairCountMin = 30;

std::string as_record(std::size_t index) { return fmt::format("record {}", index + 1); }

base::Result<std::string> rendered(const text::ChatTemplate& chat_template,
                                   const ChatRecord& record) {
  text::TemplateInput input;
  input.messages = record.messages;
  input.bos_token = kEndOfText;
  input.eos_token = kTurnEnd;
  return chat_template.render(input);
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

const char* const kDefaultChatTemplate =
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

Language::Language(std::string keys, text::ChatTemplate parsed)
    : keys_(std::move(keys)), template_(std::move(parsed)) {}

base::Status Language::read_keys() {
  const gguf::File file = TRY(gguf::File::from_bytes(bytes_of(keys_), "vocabulary"));
  tokenizer_ = TRY(text::Tokenizer::from_gguf(file));
  return {};
}

base::Result<Language> Language::learn(std::span<const ChatRecord> records,
                                       const std::string& chat_template,
                                       std::size_t vocabulary_size) {
  text::ChatTemplate parsed = TRY(text::ChatTemplate::parse(chat_template));
  text::BpeTrainerOptions options;
  options.vocabulary_size = vocabulary_size;
  options.special_tokens = {kEndOfText, kTurnStart, kTurnEnd};
  options.pair_count_min = kPairCountMin;
  text::BpeTrainer trainer = TRY(text::BpeTrainer::create(options));
  for (std::size_t i = 0; i < records.size(); ++i) {
    base::Result<std::string> prompt = rendered(parsed, records[i]);
    if (!prompt) return std::move(prompt).error().with_context(as_record(i));
    trainer.add(*prompt);
    trainer.add(records[i].answer);
  }
  gguf::Writer writer;
  text::VocabularyRoles roles;
  roles.bos = kEndOfText;
  roles.eos = kTurnEnd;
  roles.padding = kEndOfText;
  text::add_vocabulary(trainer.learn(), roles, writer);
  writer.add(kTemplateKey, chat_template);
  Language language(writer.to_bytes(), std::move(parsed));
  TRY(language.read_keys());
  return language;
}

base::Result<Language> Language::from_model(const gguf::File& file) {
  const std::string_view source = TRY(file.get_string(kTemplateKey));
  text::ChatTemplate parsed = TRY(text::ChatTemplate::parse(source));
  gguf::Writer writer;
  writer.copy_metadata(file, "tokenizer.");
  Language language(writer.to_bytes(), std::move(parsed));
  TRY(language.read_keys());
  return language;
}

base::Result<std::vector<Example>> Language::encode(std::span<const ChatRecord> records,
                                                    std::size_t context) const {
  std::vector<Example> examples;
  examples.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    base::Result<std::string> prompt = rendered(template_, records[i]);
    if (!prompt) return std::move(prompt).error().with_context(as_record(i));
    Example example;
    tokenizer_->encode(*prompt, text::Tokenizer::Special::kParse, example.tokens);
    example.answer_begin = example.tokens.size();
    tokenizer_->encode(records[i].answer, text::Tokenizer::Special::kIgnore, example.tokens);
    example.tokens.push_back(tokenizer_->eos());
    if (example.answer_begin == 0)
      return base::fail(base::Code::kInvalidArgument, "{}: the prompt has no tokens", as_record(i));
    if (example.tokens.size() > context)
      return base::fail(
          base::Code::kContextLength,
          "{}: {} tokens do not fit a context of {}; raise \"context\" or leave it out",
          as_record(i), example.tokens.size(), context);
    examples.push_back(std::move(example));
  }
  return examples;
}

void Language::describe(gguf::Writer& writer) const {
  const auto file = gguf::File::from_bytes(bytes_of(keys_), "vocabulary");
  CHECK(file.has_value());  // read_keys has read the same bytes
  writer.copy_metadata(*file, "tokenizer.");
}

}  // namespace nearside::train
