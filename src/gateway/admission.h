// From an HTTP request to a decision: who asks, what is asked, what is in it, where it may go.
#pragma once

#include <variant>

#include "gateway/api_error.h"
#include "gateway/auth.h"
#include "gateway/conversation.h"
#include "gateway/dialect.h"
#include "gateway/serving.h"
#include "gateway/wishes.h"
#include "http/message.h"
#include "policy/decide.h"

namespace nearside::gateway {

struct Admission {
  Caller caller;
  Wishes wishes;
  Asked asked;
  ConversationTrail trail;
  std::optional<TemplateUse> template_use;
  policy::Decision decision;  // may be a refusal, which has its explanation
  std::string judged_prompt;  // see judged_prompt.h; empty when nobody would read it
  std::string shadow_choice;  // what the policy on trial would choose; empty without one
};

/// Reads, labels and decides; serves nothing, records and remembers nothing. The error is for
/// requests that never came to a decision: unknown caller, malformed, unknown model, or a label
/// that could not be computed, in which case nothing may be served.
std::variant<Admission, ApiError> admit(const Snapshot& snapshot, const Services& services,
                                        const Dialect& dialect, const Operation& operation,
                                        const http::Request& request);

/// What a caller who could not be identified, or lacks a scope, is told; the audit log hears of it.
ApiError refused_caller(const Services& services, const http::Request& request,
                        const base::Error& error);

}  // namespace nearside::gateway
