// Does an answer say by itself that it failed?
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/request.h"
#include "gateway/dialect.h"
#include "policy/rules.h"

namespace nearside::gateway {

/// What is wrong with a complete answer of one choice, by what can be seen of it without knowing
/// the right one; empty: nothing. Pure.
///   "answer_empty"      neither text nor a tool call
///   "answer_refused"    the seller's filter ended it, or it is a short text that begins as models
///                       begin when they decline, in English or German
///   "answer_off_schema" the request wants JSON, and this is none, or not of the schema
///                       (schema_check.h)
///   "answer_unsure"     the mean log-probability of its tokens, where the target told it, is below
///                       cascade.logprob_mean_min
std::optional<std::string_view> failed_because(const WholeAnswer& answer,
                                               const chat::AnswerFormat& format,
                                               const policy::Cascade& cascade);

/// Longer texts that begin with an apology go on to help; the longest plain refusals of the public
/// refusal collections have some hundred words.
inline constexpr std::size_t kRefusalBytesMax = 700;

}  // namespace nearside::gateway
