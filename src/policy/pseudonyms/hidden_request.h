// A whole request with placeholders instead of personal values.
#pragma once

#include <memory>

#include "base/result.h"
#include "chat/request.h"
#include "policy/label.h"
#include "policy/pseudonyms/pseudonym_table.h"
#include "policy/rules.h"

namespace nearside::policy {

struct HiddenRequest {
  chat::Request request;
  std::shared_ptr<const PseudonymTable> table;  // shared: the answer's callbacks outlive the asker
};

/// What of a request can be replaced at all: chats and completions whose answer is text without
/// log-probabilities (which belong to tokens of the placeholders). Empty: this one; otherwise why
/// not.
std::string why_not_hidden(const chat::Request& request);

/// Replaces in every text that leaves: messages, tool calls and their results, tool definitions,
/// schemas, stop strings. The client's own bytes and unknown fields are dropped, so the target gets
/// a translation. Afterwards the result is read again: when a value is still found, or one of the
/// table stands anywhere (in a tool's name, which cannot be replaced), nothing may be sent.
/// Errors: kUnsupported (that, or why_not_hidden), kInternal (the scan failed), kExhausted
/// (kPseudonymsMax).
base::Result<HiddenRequest> hide(const Labeler& labeler, const PseudonymRule& rule,
                                 chat::Request request);

}  // namespace nearside::policy
