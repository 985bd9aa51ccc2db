#include "upstream/gemini_reader.h"

#include <fmt/format.h>

#include "upstream/framed_reader.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

std::optional<chat::FinishReason> read_reason(std::string_view text) {
  if (text.empty() || text == "FINISH_REASON_UNSPECIFIED") return std::nullopt;
  if (text == "MAX_TOKENS") return chat::FinishReason::kLength;
  for (const char* filtered : {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
                               "IMAGE_SAFETY", "LANGUAGE"})
    if (text == filtered) return chat::FinishReason::kContentFilter;
  return chat::FinishReason::kStop;
}

class GeminiReader final : public FramedReader {
 public:
  GeminiReader(const chat::Request& request, const http::Headers& headers)
      : FramedReader(request, framing_of(headers, Framing::kEvents)), choices_(request.choices) {}

 protected:
  base::Status take(const json::object& object, const Emit& emit) override {
    if (const json::value* error = object.if_contains("error"); error && !error->is_null())
      return reported(*error);
    if (const json::object* usage = object_in(object, "usageMetadata")) take_usage(*usage);
    for (const char* name : {"embeddings", "predictions"})
      if (const json::array* vectors = array_in(object, name)) return take_vectors(*vectors, emit);
    if (const json::object* feedback = object_in(object, "promptFeedback");
        feedback != nullptr && !text_in(*feedback, "blockReason").empty())
      reason_ = chat::FinishReason::kContentFilter;
    const json::array* candidates = array_in(object, "candidates");
    if (candidates == nullptr)
      return usage_ || reason_ ? base::Status() : garbage("a chunk without candidates");
    for (const json::value& value : *candidates) {
      const json::object* candidate = value.if_object();
      if (candidate == nullptr) return garbage("a candidate that is no JSON object");
      const auto index = count_in(*candidate, "index").value_or(0);
      if (index < choices_) take_candidate(*candidate, static_cast<std::uint32_t>(index), emit);
    }
    return {};
  }

 private:
  void take_candidate(const json::object& candidate, std::uint32_t index, const Emit& emit) {
    const json::object* content = object_in(candidate, "content");
    if (const json::array* parts = content != nullptr ? array_in(*content, "parts") : nullptr)
      for (const json::value& part : *parts)
        if (const json::object* object = part.if_object()) take_part(*object, index, emit);
    auto reason = read_reason(text_in(candidate, "finishReason"));
    if (!reason) return;
    // Gemini has no word of its own for an answer that calls tools.
    if (reason == chat::FinishReason::kStop && calls_ > 0) reason = chat::FinishReason::kToolCalls;
    if (choices_ > 1) emit(chat::ChoiceEnded{index, *reason});
    if (index == 0) reason_of_first_ = *reason;
    if (++ended_ >= choices_) reason_ = reason_of_first_;
  }

  void take_part(const json::object& part, std::uint32_t index, const Emit& emit) {
    const std::string_view signature = text_in(part, "thoughtSignature");
    if (const json::object* function = object_in(part, "functionCall"))
      return take_call(*function, signature, index, emit);
    const json::value* thought = part.if_contains("thought");
    if (thought != nullptr && *thought == true)
      think(text_in(part, "text"), signature, index, emit);
    else
      say(text_in(part, "text"), index, emit);
  }

  void take_call(const json::object& function, std::string_view signature, std::uint32_t index,
                 const Emit& emit) {
    const json::object* arguments = object_in(function, "args");
    std::string id(text_in(function, "id"));
    if (id.empty()) id = fmt::format("call_{}", calls_);
    json::object call{
        {"index", calls_++},
        {"id", id},
        {"type", "function"},
        {"function", json::object{{"name", text_in(function, "name")},
                                  {"arguments", arguments != nullptr ? json::serialize(*arguments)
                                                                     : std::string("{}")}}}};
    // Newer models want it back with the call; the spelling is that of Google's own OpenAI dialect.
    if (!signature.empty())
      call["extra_content"] =
          json::object{{"google", json::object{{"thought_signature", signature}}}};
    call_json(json::serialize(json::array{std::move(call)}), index, emit);
  }

  void take_usage(const json::object& usage) {
    const auto count = [&usage](std::string_view name) {
      return count_in(usage, name).value_or(0);
    };
    chat::Usage read;
    read.prompt_tokens = count("promptTokenCount") + count("toolUsePromptTokenCount");
    read.cached_tokens = count("cachedContentTokenCount");
    read.reasoning_tokens = count("thoughtsTokenCount");
    read.completion_tokens = count("candidatesTokenCount") + read.reasoning_tokens;
    if (read.cached_tokens <= read.prompt_tokens) usage_ = read;
  }

  /// `values` stand in the entry, or in Vertex' predictions one level deeper.
  base::Status take_vectors(const json::array& entries, const Emit& emit) {
    if (entries.size() != inputs_count_) return garbage("another number of vectors than of texts");
    std::uint64_t tokens = 0;
    for (const json::value& entry : entries) {
      const json::object* object = entry.if_object();
      const json::object* inner = object != nullptr ? object_in(*object, "embeddings") : nullptr;
      if (inner != nullptr) object = inner;
      const json::value* values = object != nullptr ? object->if_contains("values") : nullptr;
      std::vector<float> vector = values != nullptr ? floats_in(*values) : std::vector<float>();
      if (vector.empty()) return garbage("a vector that makes no sense");
      if (const json::object* figures = object_in(*object, "statistics"))
        tokens += count_in(*figures, "token_count").value_or(0);
      embed(static_cast<std::uint32_t>(embedded_count_), std::move(vector), emit);
    }
    if (tokens > 0) {
      usage_.emplace();
      usage_->prompt_tokens = tokens;
    }
    done_ = true;
    return {};
  }

  const std::uint32_t choices_;
  std::size_t calls_ = 0;
  std::size_t ended_ = 0;
  chat::FinishReason reason_of_first_ = chat::FinishReason::kStop;
};

}  // namespace

std::unique_ptr<ReplyReader> make_gemini_reader(const chat::Request& request,
                                                const http::Headers& headers) {
  return std::make_unique<GeminiReader>(request, headers);
}

}  // namespace nearside::upstream
