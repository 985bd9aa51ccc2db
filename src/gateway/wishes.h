// What a caller may say about its request besides the request itself: the x-nearside-* headers.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "gateway/api_error.h"
#include "http/message.h"
#include "policy/ask.h"
#include "policy/sensitivity.h"

namespace nearside::gateway {

struct Wishes {
  std::optional<policy::Sensitivity> sensitivity_at_least;
  std::optional<std::chrono::milliseconds> deadline;
  policy::Priority priority = policy::Priority::kNormal;
  std::optional<double> cost_max_usd;
  std::optional<bool> resume;  // whether an answer that breaks off may be written on by another
  std::string conversation;    // the caller's name for it; "": none
};

/// A conversation's name has at most this many bytes: room for two UUIDs and a prefix.
inline constexpr std::size_t kConversationBytesMax = 128;

/// A header that cannot be read is an error, not ignored: a misspelt `confidential` must not send
/// anything further out than its author meant.
std::variant<Wishes, ApiError> read_wishes(const http::Headers& headers);

}  // namespace nearside::gateway
