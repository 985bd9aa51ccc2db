// Asking a server to write on where another target's answer broke off.
#pragma once

#include <memory>

#include "base/result.h"
#include "chat/request.h"
#include "upstream/endpoint.h"
#include "upstream/provider.h"

namespace nearside::upstream {

/// Writes what was said (request.begun) where this server looks for it: behind a completion's
/// prompt, or as the last message of a chat. The client's own bytes are not sent then. `begun`
/// stays as it is. REQUIRES: !request.begun.empty(). Errors: kUnsupported (this server does not
/// write on, or not such an answer).
base::Status write_begun(const Endpoint& endpoint, chat::Request& request);

/// For providers that refuse a last message that ends in white space: a reader that leaves out what
/// the server says again of the space at the end of request.begun. Without such space, `reader`.
std::unique_ptr<ReplyReader> without_said_space(const chat::Request& request,
                                                std::unique_ptr<ReplyReader> reader);

}  // namespace nearside::upstream
