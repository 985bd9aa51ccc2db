// The part of a request that says how hard it is: what the quality model reads and feedback keeps.
#pragma once

#include <string>

#include "chat/request.h"

namespace nearside::gateway {

/// The text of the last message of the user, or of a completion's prompt: at most
/// policy::kPromptBytesRead bytes of its beginning, whole characters. Empty when there is none
/// (embeddings, attachments alone).
std::string judged_prompt(const chat::Request& request);

}  // namespace nearside::gateway
