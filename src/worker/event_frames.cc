#include "worker/event_frames.h"

#include <bit>
#include <utility>

#include "worker/protocol.h"

namespace nearside::worker {

using base::Code;
using base::fail;

namespace {

constexpr auto kLastCode = static_cast<std::uint8_t>(Code::kInternal);
constexpr auto kLastReason = static_cast<std::uint8_t>(chat::FinishReason::kContentFilter);

void put_usage(PayloadWriter& writer, const chat::Usage& usage) {
  writer.number(usage.prompt_tokens)
      .number(usage.completion_tokens)
      .number(usage.cached_tokens)
      .number(static_cast<std::uint8_t>(usage.estimated))
      .number(usage.cache_write_tokens)
      .number(usage.reasoning_tokens);
}

base::Result<chat::Usage> take_usage(PayloadReader& reader) {
  chat::Usage usage;
  usage.prompt_tokens = TRY(reader.number<std::uint64_t>());
  usage.completion_tokens = TRY(reader.number<std::uint64_t>());
  usage.cached_tokens = TRY(reader.number<std::uint64_t>());
  usage.estimated = TRY(reader.flag());
  usage.cache_write_tokens = TRY(reader.number<std::uint64_t>());
  usage.reasoning_tokens = TRY(reader.number<std::uint64_t>());
  return usage;
}

void put_float(PayloadWriter& writer, float value) {
  writer.number(std::bit_cast<std::uint32_t>(value));
}

base::Result<float> take_float(PayloadReader& reader) {
  return std::bit_cast<float>(TRY(reader.number<std::uint32_t>()));
}

void put_logprob(PayloadWriter& writer, const chat::TokenLogprob& token) {
  writer.bytes(token.bytes, kTokenBytesMax);
  put_float(writer, token.logprob);
  CHECK(token.top.size() <= kAlternativesMax);
  writer.number(static_cast<std::uint8_t>(token.top.size()));
  for (const auto& alternative : token.top) {
    writer.bytes(alternative.bytes, kTokenBytesMax);
    put_float(writer, alternative.logprob);
  }
}

base::Result<chat::TokenLogprob> take_logprob(PayloadReader& reader) {
  chat::TokenLogprob token;
  token.bytes = TRY(reader.bytes(kTokenBytesMax));
  token.logprob = TRY(take_float(reader));
  const auto count = TRY(reader.number<std::uint8_t>());
  if (count > kAlternativesMax) return fail(Code::kCorrupt, "{} alternatives of a token", count);
  for (unsigned i = 0; i < count; ++i) {
    chat::TokenLogprob::Alternative alternative;
    alternative.bytes = TRY(reader.bytes(kTokenBytesMax));
    alternative.logprob = TRY(take_float(reader));
    token.top.push_back(std::move(alternative));
  }
  return token;
}

base::Result<chat::Event> take_text(PayloadReader& reader) {
  chat::TextDelta delta;
  delta.choice = TRY(reader.number<std::uint32_t>());
  const auto count = TRY(reader.number<std::uint32_t>());
  // Each takes bytes of the frame, so that a claimed count ends where the frame does.
  for (std::uint32_t i = 0; i < count; ++i) delta.logprobs.push_back(TRY(take_logprob(reader)));
  delta.text = TRY(reader.rest_text());
  return chat::Event(std::move(delta));
}

base::Result<chat::Event> take_embedded(PayloadReader& reader) {
  chat::Embedded embedded;
  embedded.input = TRY(reader.number<std::uint32_t>());
  const std::string_view floats = reader.rest();
  if (floats.size() % sizeof(float) != 0) return fail(Code::kCorrupt, "a vector ends early");
  PayloadReader values(floats);
  for (std::size_t i = 0; i < floats.size() / sizeof(float); ++i)
    embedded.vector.push_back(TRY(take_float(values)));
  return chat::Event(std::move(embedded));
}

base::Result<chat::FinishReason> take_reason(PayloadReader& reader) {
  const auto reason = TRY(reader.number<std::uint8_t>());
  if (reason > kLastReason) return fail(Code::kCorrupt, "finish reason {} does not exist", reason);
  return static_cast<chat::FinishReason>(reason);
}

struct EncodeEvent {
  RequestId id;

  std::string operator()(const chat::TextDelta& delta) const {
    PayloadWriter writer;
    writer.number(id)
        .number(delta.choice)
        .number(static_cast<std::uint32_t>(delta.logprobs.size()));
    for (const chat::TokenLogprob& token : delta.logprobs) put_logprob(writer, token);
    return encode_frame(FrameKind::kText, writer.rest(delta.text).bytes());
  }
  std::string operator()(const chat::ReasoningDelta& delta) const {
    return encode_frame(FrameKind::kReasoning,
                        PayloadWriter().number(id).number(delta.choice).rest(delta.text).bytes());
  }
  std::string operator()(const chat::ToolCallDelta& delta) const {
    return encode_frame(
        FrameKind::kToolCalls,
        PayloadWriter().number(id).number(delta.choice).rest(delta.tool_calls_json).bytes());
  }
  std::string operator()(const chat::ChoiceEnded& ended) const {
    return encode_frame(FrameKind::kChoiceEnded,
                        PayloadWriter()
                            .number(id)
                            .number(ended.choice)
                            .number(static_cast<std::uint8_t>(ended.reason))
                            .bytes());
  }
  std::string operator()(const chat::Embedded& embedded) const {
    PayloadWriter writer;
    writer.number(id).number(embedded.input);
    for (const float value : embedded.vector) put_float(writer, value);
    return encode_frame(FrameKind::kEmbedded, writer.bytes());
  }
  std::string operator()(const chat::Finished& finished) const {
    PayloadWriter writer;
    writer.number(id).number(static_cast<std::uint8_t>(finished.reason));
    put_usage(writer, finished.usage);
    writer.rest(finished.stop_sequence);
    return encode_frame(FrameKind::kFinished, writer.bytes());
  }
  std::string operator()(const chat::Failed& failed) const {
    PayloadWriter writer;
    writer.number(id);
    put_usage(writer, failed.usage);
    put_error(writer, failed.error);
    return encode_frame(FrameKind::kFailed, writer.bytes());
  }
};

}  // namespace

void put_error(PayloadWriter& writer, const base::Error& error) {
  writer.number(static_cast<std::uint8_t>(error.code)).text(error.message, kMessageBytesMax);
}

base::Status take_error(PayloadReader& reader, base::Error& error) {
  const auto code = TRY(reader.number<std::uint8_t>());
  if (code > kLastCode) return fail(Code::kCorrupt, "error code {} does not exist", code);
  error.code = static_cast<Code>(code);
  error.message = TRY(reader.text(kMessageBytesMax));
  return {};
}

base::Result<chat::Event> take_event(FrameKind kind, PayloadReader& reader) {
  switch (kind) {
    case FrameKind::kText:
      return take_text(reader);
    case FrameKind::kReasoning: {
      const auto choice = TRY(reader.number<std::uint32_t>());
      return chat::Event(chat::ReasoningDelta{TRY(reader.rest_text()), choice});
    }
    case FrameKind::kToolCalls: {
      const auto choice = TRY(reader.number<std::uint32_t>());
      return chat::Event(chat::ToolCallDelta{TRY(reader.rest_text()), choice});
    }
    case FrameKind::kChoiceEnded: {
      const auto choice = TRY(reader.number<std::uint32_t>());
      const chat::ChoiceEnded ended{choice, TRY(take_reason(reader))};
      TRY(reader.end());
      return chat::Event(ended);
    }
    case FrameKind::kEmbedded:
      return take_embedded(reader);
    case FrameKind::kFinished: {
      chat::Finished finished;
      finished.reason = TRY(take_reason(reader));
      finished.usage = TRY(take_usage(reader));
      finished.stop_sequence = TRY(reader.rest_text());
      return chat::Event(std::move(finished));
    }
    case FrameKind::kFailed: {
      chat::Failed failed;
      failed.usage = TRY(take_usage(reader));
      TRY(take_error(reader, failed.error));
      TRY(reader.end());
      return chat::Event(std::move(failed));
    }
    default:
      return fail(Code::kCorrupt, "a frame of kind {}, which no worker sends",
                  static_cast<unsigned>(kind));
  }
}

std::string encode_event(RequestId id, const chat::Event& event) {
  return std::visit(EncodeEvent{id}, event);
}

}  // namespace nearside::worker
