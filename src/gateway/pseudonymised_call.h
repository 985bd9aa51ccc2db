// A call whose target sees placeholders and whose caller sees values.
#pragma once

#include <memory>

#include "chat/backend.h"
#include "policy/label.h"
#include "policy/rules.h"

namespace nearside::gateway {

/// Starts the request at the backend with placeholders instead of personal values (hide()), never
/// as the client's own bytes, and hands on what it answers with the values put back: text,
/// thoughts, arguments of tool calls, stop strings. When the values cannot be replaced, nothing is
/// sent and the call fails with that error (kUnsupported, kInternal, kExhausted), so that another
/// target may get the request as it is.
///
/// A placeholder that is not complete when an answer breaks off is dropped: until content came,
/// another target may still take over.
std::unique_ptr<chat::Call> start_pseudonymised(chat::Backend& backend,
                                                const policy::Labeler& labeler,
                                                const policy::PseudonymRule& rule,
                                                chat::Request request, chat::Sink sink);

}  // namespace nearside::gateway
