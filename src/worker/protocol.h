// What gateway and worker say to each other, as frames. Both ends check what they read; the gateway
// takes a worker for hostile, since it has parsed a stranger's model file.
// The byte layout is in docs/formats/worker-protocol.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "chat/event.h"
#include "chat/request.h"
#include "engine/engine.h"
#include "worker/frame.h"

namespace nearside::worker {

using engine::RequestId;

/// Longer ones are cut when sent, and refused when received.
inline constexpr std::size_t kNameBytesMax = 1024;
inline constexpr std::size_t kMessageBytesMax = std::size_t{16} << 10;

// --- Gateway to worker.

struct Submit {
  RequestId id = 0;
  std::string_view request_json;  // into the frame; see request_json.h
};
struct Cancel {
  RequestId id = 0;
};
using ToWorker = std::variant<Submit, Cancel>;

/// Errors: kTooLarge (the request passes kToWorkerBytesMax).
base::Result<std::string> encode_submit(RequestId id, const chat::Request& request);
std::string encode_cancel(RequestId id);
/// Errors: kCorrupt.
base::Result<ToWorker> decode_to_worker(const Frame& frame);

// --- Worker to gateway.

/// The model is loaded: requests may come. Sent once, first.
struct Ready {
  engine::ModelInfo info;
  std::string sandbox;  // what shuts the worker in, for the log
};
/// The model cannot be loaded; the worker exits.
struct LoadFailed {
  base::Error error;
};
struct Happened {
  RequestId id = 0;
  chat::Event event;
};
/// A step is done that produced nothing: the worker has not hung.
struct Alive {};
using FromWorker = std::variant<Ready, LoadFailed, Happened, Alive>;

std::string encode_ready(const Ready& ready);
std::string encode_load_failed(const base::Error& error);
std::string encode_alive();
std::string encode_event(RequestId id, const chat::Event& event);
/// All text that comes out is valid UTF-8 and bounded. Errors: kCorrupt.
base::Result<FromWorker> decode_from_worker(const Frame& frame);

}  // namespace nearside::worker
