// Events of an answer as frames, and the fields that frames of the channel share.
// The byte layout is in docs/formats/worker-protocol.md.
#pragma once

#include <string>

#include "base/result.h"
#include "chat/event.h"
#include "worker/frame.h"
#include "worker/payload.h"

namespace nearside::worker {

/// Vocabularies have tokens of up to a few hundred bytes; alternatives are at most 20 (OpenAI).
inline constexpr std::size_t kTokenBytesMax = 1024;
inline constexpr std::size_t kAlternativesMax = 20;

void put_error(PayloadWriter& writer, const base::Error& error);
/// Into `error`, because a Result whose value is an Error would be ambiguous. Errors: kCorrupt.
base::Status take_error(PayloadReader& reader, base::Error& error);

/// What is left of a frame of that kind after its request's id. Errors: kCorrupt.
base::Result<chat::Event> take_event(FrameKind kind, PayloadReader& reader);

}  // namespace nearside::worker
