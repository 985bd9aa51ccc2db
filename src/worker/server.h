// The loop inside a worker process: requests in, one engine step after another, events out.
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/engine.h"

namespace nearside::worker {

/// Serves until the other end of `channel` closes. Sleeps while there is nothing to do; looks for
/// new requests and cancellations between any two steps.
/// REQUIRES: SIGPIPE is ignored.
/// Errors: kCorrupt, kTooLarge (the gateway sent what is no frame), kIo.
base::Status serve(const base::UniqueFd& channel, engine::Engine& engine);

/// All of `bytes`. Errors: kIo (the other end is gone, too).
base::Status write_all(const base::UniqueFd& fd, std::string_view bytes);

}  // namespace nearside::worker
