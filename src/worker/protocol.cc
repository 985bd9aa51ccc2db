#include "worker/protocol.h"

#include <utility>

#include "worker/payload.h"
#include "worker/request_json.h"

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
      .number(static_cast<std::uint8_t>(usage.estimated));
}

base::Result<chat::Usage> take_usage(PayloadReader& reader) {
  chat::Usage usage;
  usage.prompt_tokens = TRY(reader.number<std::uint64_t>());
  usage.completion_tokens = TRY(reader.number<std::uint64_t>());
  usage.cached_tokens = TRY(reader.number<std::uint64_t>());
  usage.estimated = TRY(reader.flag());
  return usage;
}

void put_error(PayloadWriter& writer, const base::Error& error) {
  writer.number(static_cast<std::uint8_t>(error.code)).text(error.message, kMessageBytesMax);
}

/// Into `error`, because a Result whose value is an Error would be ambiguous.
base::Status take_error(PayloadReader& reader, base::Error& error) {
  const auto code = TRY(reader.number<std::uint8_t>());
  if (code > kLastCode) return fail(Code::kCorrupt, "error code {} does not exist", code);
  error.code = static_cast<Code>(code);
  error.message = TRY(reader.text(kMessageBytesMax));
  return {};
}

base::Result<FromWorker> decode_ready(PayloadReader& reader) {
  Ready ready;
  ready.info.context_tokens_max = TRY(reader.number<std::uint64_t>());
  ready.info.vocabulary_tokens = TRY(reader.number<std::uint64_t>());
  ready.info.weight_bytes = TRY(reader.number<std::uint64_t>());
  ready.info.parameters = TRY(reader.number<std::uint64_t>());
  ready.info.has_chat_template = TRY(reader.flag());
  ready.info.name = TRY(reader.text(kNameBytesMax));
  ready.info.architecture = TRY(reader.text(kNameBytesMax));
  ready.sandbox = TRY(reader.text(kNameBytesMax));
  TRY(reader.end());
  return FromWorker(std::move(ready));
}

base::Result<FromWorker> decode_finished(RequestId id, PayloadReader& reader) {
  const auto reason = TRY(reader.number<std::uint8_t>());
  if (reason > kLastReason) return fail(Code::kCorrupt, "finish reason {} does not exist", reason);
  chat::Finished finished{static_cast<chat::FinishReason>(reason), TRY(take_usage(reader))};
  TRY(reader.end());
  return FromWorker(Happened{id, finished});
}

base::Result<FromWorker> decode_failed(RequestId id, PayloadReader& reader) {
  chat::Failed failed;
  failed.usage = TRY(take_usage(reader));
  TRY(take_error(reader, failed.error));
  TRY(reader.end());
  return FromWorker(Happened{id, std::move(failed)});
}

struct EncodeEvent {
  RequestId id;

  std::string operator()(const chat::TextDelta& delta) const {
    return encode_frame(FrameKind::kText, PayloadWriter().number(id).rest(delta.text).bytes());
  }
  std::string operator()(const chat::ToolCallDelta& delta) const {
    return encode_frame(FrameKind::kToolCalls,
                        PayloadWriter().number(id).rest(delta.tool_calls_json).bytes());
  }
  std::string operator()(const chat::Finished& finished) const {
    PayloadWriter writer;
    writer.number(id).number(static_cast<std::uint8_t>(finished.reason));
    put_usage(writer, finished.usage);
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

base::Result<std::string> encode_submit(RequestId id, const chat::Request& request) {
  const std::string json = request_to_json(request);
  if (json.size() > kToWorkerBytesMax - sizeof(id))
    return fail(Code::kTooLarge, "the request takes {} bytes, more than the {} a worker accepts",
                json.size(), kToWorkerBytesMax);
  return encode_frame(FrameKind::kSubmit, PayloadWriter().number(id).rest(json).bytes());
}

std::string encode_cancel(RequestId id) {
  return encode_frame(FrameKind::kCancel, PayloadWriter().number(id).bytes());
}

base::Result<ToWorker> decode_to_worker(const Frame& frame) {
  PayloadReader reader(frame.payload);
  const auto id = TRY(reader.number<RequestId>());
  switch (static_cast<FrameKind>(frame.kind)) {
    case FrameKind::kSubmit:
      return ToWorker(Submit{id, reader.rest()});
    case FrameKind::kCancel:
      TRY(reader.end());
      return ToWorker(Cancel{id});
    default:
      return fail(Code::kCorrupt, "a frame of kind {}, which no gateway sends", frame.kind);
  }
}

std::string encode_ready(const Ready& ready) {
  PayloadWriter writer;
  writer.number(std::uint64_t{ready.info.context_tokens_max})
      .number(std::uint64_t{ready.info.vocabulary_tokens})
      .number(std::uint64_t{ready.info.weight_bytes})
      .number(std::uint64_t{ready.info.parameters})
      .number(static_cast<std::uint8_t>(ready.info.has_chat_template))
      .text(ready.info.name, kNameBytesMax)
      .text(ready.info.architecture, kNameBytesMax)
      .text(ready.sandbox, kNameBytesMax);
  return encode_frame(FrameKind::kReady, writer.bytes());
}

std::string encode_load_failed(const base::Error& error) {
  PayloadWriter writer;
  put_error(writer, error);
  return encode_frame(FrameKind::kLoadFailed, writer.bytes());
}

std::string encode_event(RequestId id, const chat::Event& event) {
  return std::visit(EncodeEvent{id}, event);
}

base::Result<FromWorker> decode_from_worker(const Frame& frame) {
  PayloadReader reader(frame.payload);
  const auto kind = static_cast<FrameKind>(frame.kind);
  if (kind == FrameKind::kReady) return decode_ready(reader);
  if (kind == FrameKind::kLoadFailed) {
    LoadFailed failed;
    TRY(take_error(reader, failed.error));
    TRY(reader.end());
    return FromWorker(std::move(failed));
  }
  const auto id = TRY(reader.number<RequestId>());
  switch (kind) {
    case FrameKind::kText:
      return FromWorker(Happened{id, chat::TextDelta{TRY(reader.rest_text())}});
    case FrameKind::kToolCalls:
      return FromWorker(Happened{id, chat::ToolCallDelta{TRY(reader.rest_text())}});
    case FrameKind::kFinished:
      return decode_finished(id, reader);
    case FrameKind::kFailed:
      return decode_failed(id, reader);
    default:
      return fail(Code::kCorrupt, "a frame of kind {}, which no worker sends", frame.kind);
  }
}

}  // namespace nearside::worker
