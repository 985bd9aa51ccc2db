#include "worker/protocol.h"

#include <utility>

#include "worker/event_frames.h"
#include "worker/payload.h"
#include "worker/request_json.h"

namespace nearside::worker {

using base::Code;
using base::fail;

namespace {

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

std::string encode_alive() { return encode_frame(FrameKind::kAlive, {}); }

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
  if (kind == FrameKind::kAlive) {
    TRY(reader.end());
    return FromWorker(Alive{});
  }
  const auto id = TRY(reader.number<RequestId>());
  return FromWorker(Happened{id, TRY(take_event(kind, reader))});
}

}  // namespace nearside::worker
