#include "upstream/openai_reader.h"

#include <bit>
#include <cstring>

#include "base/base64.h"
#include "upstream/framed_reader.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

std::optional<chat::FinishReason> read_reason(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text == "length") return chat::FinishReason::kLength;
  if (text == "tool_calls" || text == "function_call") return chat::FinishReason::kToolCalls;
  if (text == "content_filter") return chat::FinishReason::kContentFilter;
  return chat::FinishReason::kStop;  // "stop", or a server's own word for an end
}

class OpenAiReader final : public FramedReader {
 public:
  OpenAiReader(const chat::Request& request, const http::Headers& headers)
      : FramedReader(request, framing_of(headers, Framing::kEvents)),
        choices_(request.choices),
        embedding_(request.kind == chat::Request::Kind::kEmbedding) {}

 protected:
  base::Status take_mark(std::string_view mark) override {
    if (mark != "[DONE]") return garbage("a chunk that is no JSON object");
    if (!seen_choice_) return garbage("the end of a stream that had no answer in it");
    done_ = true;
    return {};
  }

  /// A chunk of a stream, or a whole reply.
  base::Status take(const json::object& object, const Emit& emit) override {
    if (const json::value* error = object.if_contains("error"); error && !error->is_null())
      return reported(*error);
    if (auto usage = read_usage(object)) usage_ = usage;
    if (embedding_) return take_vectors(object, emit);
    const json::array* choices = array_in(object, "choices");
    if (choices == nullptr) return usage_ ? base::Status() : garbage("a chunk without choices");
    for (const json::value& choice : *choices) {
      if (!choice.is_object()) return garbage("a choice that is no JSON object");
      const auto index = count_in(choice.get_object(), "index").value_or(0);
      if (index >= choices_) continue;
      take_choice(choice.get_object(), static_cast<std::uint32_t>(index), emit);
    }
    if (whole() && seen_choice_) done_ = true;
    return {};
  }

 private:
  /// Empty when it is absent or makes no sense.
  std::optional<chat::Usage> read_usage(const json::object& chunk) const {
    const json::object* object = object_in(chunk, "usage");
    if (object == nullptr) return std::nullopt;
    const auto prompt = count_in(*object, "prompt_tokens");
    if (!prompt) return std::nullopt;
    chat::Usage usage;
    usage.prompt_tokens = *prompt;
    usage.completion_tokens = count_in(*object, "completion_tokens").value_or(0);
    if (const json::object* details = object_in(*object, "prompt_tokens_details")) {
      usage.cached_tokens = count_in(*details, "cached_tokens").value_or(0);
      usage.cache_write_tokens = count_in(*details, "cache_write_tokens").value_or(0);
    }
    if (const json::object* details = object_in(*object, "completion_tokens_details"))
      usage.reasoning_tokens = count_in(*details, "reasoning_tokens").value_or(0);
    if (usage.cached_tokens + usage.cache_write_tokens > usage.prompt_tokens) return std::nullopt;
    return usage;
  }

  void take_choice(const json::object& choice, std::uint32_t index, const Emit& emit) {
    seen_choice_ = true;
    std::vector<chat::TokenLogprob> logprobs = read_logprobs(choice);
    const auto say_with = [&](std::string_view text) {
      if (logprobs.empty()) return say(text, index, emit);
      emit(chat::TextDelta{std::string(text), index, std::move(logprobs)});
      logprobs.clear();
    };
    say_with(text_in(choice, "text"));
    if (const json::object* delta = object_in(choice, whole() ? "message" : "delta")) {
      // The name is DeepSeek's; the other is OpenRouter's.
      std::string_view thought = text_in(*delta, "reasoning_content");
      if (thought.empty()) thought = text_in(*delta, "reasoning");
      think(thought, "", index, emit);
      say_with(text_in(*delta, "content"));
      say(text_in(*delta, "refusal"), index, emit);
      if (const json::array* calls = array_in(*delta, "tool_calls"); calls && !calls->empty())
        call_json(json::serialize(*calls), index, emit);
    }
    const auto reason = read_reason(text_in(choice, "finish_reason"));
    if (!reason) return;
    if (choices_ > 1) emit(chat::ChoiceEnded{index, *reason});
    if (index == 0) reason_of_first_ = *reason;
    if (++ended_ >= choices_) reason_ = reason_of_first_;
  }

  std::vector<chat::TokenLogprob> read_logprobs(const json::object& choice) const {
    std::vector<chat::TokenLogprob> all;
    const json::object* logprobs = object_in(choice, "logprobs");
    const json::array* content = logprobs != nullptr ? array_in(*logprobs, "content") : nullptr;
    if (content == nullptr) return all;
    for (const json::value& value : *content) {
      const json::object* token = value.if_object();
      if (token == nullptr) continue;
      chat::TokenLogprob read;
      read.bytes = bytes_of(*token);
      read.logprob = number_of(*token);
      if (const json::array* top = array_in(*token, "top_logprobs"))
        for (const json::value& other : *top)
          if (const json::object* object = other.if_object())
            read.top.push_back({bytes_of(*object), number_of(*object)});
      all.push_back(std::move(read));
    }
    return all;
  }
  static float number_of(const json::object& token) {
    const json::value* value = token.if_contains("logprob");
    return value != nullptr && value->is_number() ? static_cast<float>(value->to_number<double>())
                                                  : 0.0F;
  }
  static std::string bytes_of(const json::object& token) {
    const json::array* bytes = array_in(token, "bytes");
    if (bytes == nullptr) return std::string(text_in(token, "token"));
    std::string out;
    for (const json::value& byte : *bytes)
      if (byte.is_int64()) out.push_back(static_cast<char>(byte.get_int64()));
    return out;
  }

  base::Status take_vectors(const json::object& object, const Emit& emit) {
    const json::array* data = array_in(object, "data");
    if (data == nullptr) return garbage("a reply without vectors");
    for (std::size_t i = 0; i < data->size(); ++i) {
      const json::object* entry = (*data)[i].if_object();
      const json::value* value = entry != nullptr ? entry->if_contains("embedding") : nullptr;
      if (value == nullptr) return garbage("an entry without a vector");
      std::vector<float> vector =
          value->is_string() ? floats_from_base64(value->get_string()) : floats_in(*value);
      const auto index = count_in(*entry, "index").value_or(i);
      if (vector.empty() || index >= inputs_count_) return garbage("a vector that makes no sense");
      embed(static_cast<std::uint32_t>(index), std::move(vector), emit);
    }
    if (embedded_count_ != inputs_count_) return garbage("another number of vectors than of texts");
    done_ = true;
    return {};
  }
  static std::vector<float> floats_from_base64(std::string_view text) {
    static_assert(std::endian::native == std::endian::little, "the wire has little-endian floats");
    const auto bytes = base::base64_decode(text);
    if (!bytes || bytes->size() % sizeof(float) != 0) return {};
    std::vector<float> vector(bytes->size() / sizeof(float));
    std::memcpy(vector.data(), bytes->data(), bytes->size());
    return vector;
  }

  const std::uint32_t choices_;
  const bool embedding_;
  bool seen_choice_ = false;
  std::size_t ended_ = 0;
  chat::FinishReason reason_of_first_ = chat::FinishReason::kStop;
};

}  // namespace

std::unique_ptr<ReplyReader> make_openai_reader(const chat::Request& request,
                                                const http::Headers& headers) {
  return std::make_unique<OpenAiReader>(request, headers);
}

}  // namespace nearside::upstream
