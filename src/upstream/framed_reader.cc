#include "upstream/framed_reader.h"

#include <array>
#include <utility>

#include "upstream/estimate.h"
#include "upstream/original.h"
#include "upstream/reply_error.h"

namespace nearside::upstream {
namespace {

namespace json = base::json;
using base::Code;
using base::fail;

// No honest request has more; a larger figure is a server's mistake, and would poison sums.
constexpr std::uint64_t kTokensMax = 1'000'000'000;
// Of a reply that is not streamed: a million tokens, or the vectors of 2,048 texts.
constexpr std::size_t kWholeReplyBytesMax = 64U << 20;
// As of an event (http/sse.h).
constexpr std::size_t kLineBytesMax = 4U << 20;
constexpr std::size_t kDepthMax = 64;
// Vectors of today's models have at most 16,384 dimensions.
constexpr std::size_t kDimensionsMax = 65'536;

}  // namespace

FramedReader::FramedReader(const chat::Request& request, Framing framing)
    : inputs_count_(request.inputs.size()),
      framing_(framing),
      prompt_tokens_estimate_(estimate_prompt_tokens(request)) {}

FramedReader::Framing FramedReader::framing_of(const http::Headers& headers, Framing streamed) {
  const std::string_view type = http::find_header(headers, "content-type").value_or("");
  return type.starts_with("application/json") ? Framing::kWhole : streamed;
}

base::Status FramedReader::feed(std::string_view bytes, const Emit& emit) {
  if (framing_ == Framing::kLines) return feed_lines(bytes, emit);
  if (framing_ == Framing::kWhole) {
    if (held_.size() + bytes.size() > kWholeReplyBytesMax)
      return fail(Code::kTooLarge, "the server's reply is larger than {} bytes",
                  kWholeReplyBytesMax);
    held_.append(bytes);
    return {};
  }
  base::Status status;
  const base::Status framing = parser_.feed(bytes, [&](const http::SseEvent& event) {
    if (!status || done_) return;
    status = event.data.starts_with('[') ? take_mark(event.data) : take_text(event.data, emit);
  });
  if (!framing) return framing;
  return status;
}

base::Status FramedReader::feed_lines(std::string_view bytes, const Emit& emit) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    if (held_.size() + std::min(end, bytes.size()) > kLineBytesMax)
      return fail(Code::kTooLarge, "the server's reply has a line of more than {} bytes",
                  kLineBytesMax);
    held_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(held_, {});
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (base::Status taken = take_text(line, emit); !taken) return taken;
  }
  return {};
}

base::Status FramedReader::take_text(std::string_view text, const Emit& emit) {
  // A piece of an answer is read and forgotten: it needs no heap of its own.
  std::array<unsigned char, 4096> space;
  json::monotonic_resource storage(space.data(), space.size());
  const auto parsed = base::parse_json(text, kDepthMax, &storage);
  if (!parsed) return garbage(whole() ? "a reply that is not JSON" : "a chunk that is not JSON");
  if (!parsed->is_object()) return garbage("a chunk that is no JSON object");
  return take(parsed->get_object(), emit);
}

base::Status FramedReader::take_mark(std::string_view) {
  return garbage("a chunk that is no JSON object");
}

chat::Event FramedReader::end(const base::Status& transport, const Emit& emit) {
  if (transport && framing_ != Framing::kEvents && !held_.empty()) {
    if (base::Status taken = take_text(std::exchange(held_, {}), emit); !taken)
      return chat::Failed{taken.error(), usage()};
  }
  // With a finish reason the answer is whole, even if the connection then broke.
  if (reason_ || done_)
    return chat::Finished{reason_.value_or(chat::FinishReason::kStop), usage(), stop_sequence_};
  if (!transport) return chat::Failed{transport.error(), usage()};
  return chat::Failed{garbage(whole() ? "a reply without an answer in it"
                                      : "a stream that stops before the answer is complete"),
                      usage()};
}

chat::Usage FramedReader::usage() const {
  if (usage_) return *usage_;
  chat::Usage estimate;
  estimate.prompt_tokens = prompt_tokens_estimate_;
  estimate.completion_tokens = tokens_in(answer_bytes_);
  estimate.estimated = true;
  return estimate;
}

base::Error FramedReader::garbage(std::string_view what) {
  return fail(Code::kUnavailable, "the server sent {}", what);
}

base::Error FramedReader::reported(const json::value& error) {
  if (const json::object* object = error.if_object()) {
    std::string_view code = text_in(*object, "code");
    if (code.empty()) code = text_in(*object, "type");
    const std::string_view message = text_in(*object, "message");
    return error_from_object(500, code, message.empty() ? "it does not say why" : message);
  }
  return error_from_object(
      500, "", error.is_string() ? std::string_view(error.get_string()) : "it does not say why");
}

void FramedReader::say(std::string_view text, std::uint32_t choice, const Emit& emit) {
  if (text.empty()) return;
  answer_bytes_ += text.size();
  emit(chat::TextDelta{std::string(text), choice, {}});
}

void FramedReader::think(std::string_view text, std::string_view signature, std::uint32_t choice,
                         const Emit& emit) {
  if (text.empty() && signature.empty()) return;
  answer_bytes_ += text.size();
  emit(chat::ReasoningDelta{std::string(text), choice, std::string(signature)});
}

void FramedReader::call(std::size_t index, std::string_view id, std::string_view name,
                        std::string_view arguments, const Emit& emit) {
  json::object function;
  if (!name.empty()) function["name"] = name;
  function["arguments"] = arguments;
  json::object piece{{"index", index}};
  if (!name.empty()) {
    piece["id"] = id;
    piece["type"] = "function";
  }
  piece["function"] = std::move(function);
  call_json(json::serialize(json::array{std::move(piece)}), 0, emit);
}

void FramedReader::call_json(std::string tool_calls_json, std::uint32_t choice, const Emit& emit) {
  answer_bytes_ += tool_calls_json.size();
  emit(chat::ToolCallDelta{std::move(tool_calls_json), choice});
}

void FramedReader::embed(std::uint32_t input, std::vector<float> vector, const Emit& emit) {
  ++embedded_count_;
  emit(chat::Embedded{input, std::move(vector)});
}

std::optional<std::uint64_t> FramedReader::count_in(const json::object& object,
                                                    std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const auto count = value->to_number<std::uint64_t>(error);
  if (error || count > kTokensMax) return std::nullopt;
  return count;
}

std::string_view FramedReader::text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

const json::object* FramedReader::object_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

const json::array* FramedReader::array_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr ? value->if_array() : nullptr;
}

std::vector<float> FramedReader::floats_in(const json::value& value) {
  std::vector<float> vector;
  const json::array* array = value.if_array();
  if (array == nullptr || array->size() > kDimensionsMax) return vector;
  vector.reserve(array->size());
  for (const json::value& item : *array) {
    if (!item.is_number()) return {};
    vector.push_back(static_cast<float>(item.to_number<double>()));
  }
  return vector;
}

}  // namespace nearside::upstream
