#include "upstream/ollama_reader.h"

#include <fmt/format.h>

#include "upstream/framed_reader.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;

class OllamaReader final : public FramedReader {
 public:
  OllamaReader(const chat::Request& request, const http::Headers& headers)
      : FramedReader(request, framing_of(headers, Framing::kLines)) {}

 protected:
  base::Status take(const json::object& object, const Emit& emit) override {
    if (const json::value* error = object.if_contains("error"); error && !error->is_null())
      return reported(*error);
    if (const json::array* vectors = array_in(object, "embeddings")) {
      take_usage(object);
      return take_vectors(*vectors, emit);
    }
    const json::value* done = object.if_contains("done");
    if (done == nullptr) return garbage("a line without an answer in it");
    if (const json::object* message = object_in(object, "message")) {
      think(text_in(*message, "thinking"), "", 0, emit);
      say(text_in(*message, "content"), 0, emit);
      if (const json::array* calls = array_in(*message, "tool_calls")) take_calls(*calls, emit);
    }
    think(text_in(object, "thinking"), "", 0, emit);
    say(text_in(object, "response"), 0, emit);
    if (*done != true) return {};
    take_usage(object);
    if (text_in(object, "done_reason") == "length")
      reason_ = chat::FinishReason::kLength;
    else
      reason_ = calls_ > 0 ? chat::FinishReason::kToolCalls : chat::FinishReason::kStop;
    return {};
  }

 private:
  void take_calls(const json::array& calls, const Emit& emit) {
    for (const json::value& value : calls) {
      const json::object* object = value.if_object();
      const json::object* function = object != nullptr ? object_in(*object, "function") : nullptr;
      if (function == nullptr) continue;
      const json::object* arguments = object_in(*function, "arguments");
      std::string id(text_in(*object, "id"));
      if (id.empty()) id = fmt::format("call_{}", calls_);
      call(calls_++, id, text_in(*function, "name"),
           arguments != nullptr ? json::serialize(*arguments) : "{}", emit);
    }
  }

  void take_usage(const json::object& object) {
    const auto prompt = count_in(object, "prompt_eval_count");
    const auto answer = count_in(object, "eval_count");
    // A prompt that was wholly in its cache is not counted by older servers.
    if (!prompt && !answer) return;
    chat::Usage read = FramedReader::usage();
    read.estimated = !prompt;
    if (prompt) read.prompt_tokens = *prompt;
    read.completion_tokens = answer.value_or(0);
    usage_ = read;
  }

  base::Status take_vectors(const json::array& vectors, const Emit& emit) {
    if (vectors.size() != inputs_count_) return garbage("another number of vectors than of texts");
    for (const json::value& value : vectors) {
      std::vector<float> vector = floats_in(value);
      if (vector.empty()) return garbage("a vector that makes no sense");
      embed(static_cast<std::uint32_t>(embedded_count_), std::move(vector), emit);
    }
    done_ = true;
    return {};
  }

  std::size_t calls_ = 0;
};

}  // namespace

std::unique_ptr<ReplyReader> make_ollama_reader(const chat::Request& request,
                                                const http::Headers& headers) {
  return std::make_unique<OllamaReader>(request, headers);
}

}  // namespace nearside::upstream
