#include "gateway/wishes.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace nearside::gateway {
namespace {

constexpr std::string_view kSensitivity = "x-nearside-sensitivity";
constexpr std::string_view kDeadline = "x-nearside-deadline-ms";
constexpr std::string_view kPriority = "x-nearside-priority";
constexpr std::string_view kConversation = "x-nearside-conversation";
constexpr std::string_view kResume = "x-nearside-resume";
constexpr std::string_view kCostMax = "x-nearside-max-cost-usd";
// A day; whoever waits longer has no deadline.
constexpr std::int64_t kDeadlineMsMax = 86'400'000;

template <typename Number>
std::optional<Number> parse(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

ApiError bad(std::string_view header, std::string_view expected) {
  return invalid_field(header, fmt::format("the header '{}' must be {}", header, expected));
}

}  // namespace

std::variant<Wishes, ApiError> read_wishes(const http::Headers& headers) {
  Wishes wishes;
  if (const auto text = http::find_header(headers, kSensitivity)) {
    wishes.sensitivity_at_least = policy::parse_sensitivity(*text);
    if (!wishes.sensitivity_at_least)
      return bad(kSensitivity, "public, internal, confidential or restricted");
  }
  if (const auto text = http::find_header(headers, kDeadline)) {
    const auto value = parse<std::int64_t>(*text);
    if (!value || *value < 1 || *value > kDeadlineMsMax)
      return bad(kDeadline, "a whole number of milliseconds from 1 to 86400000");
    wishes.deadline = std::chrono::milliseconds(*value);
  }
  if (const auto text = http::find_header(headers, kPriority)) {
    const auto priority = policy::parse_priority(*text);
    if (!priority) return bad(kPriority, "realtime, normal or batch");
    wishes.priority = *priority;
  }
  if (const auto text = http::find_header(headers, kCostMax)) {
    const auto value = parse<double>(*text);
    if (!value || !std::isfinite(*value) || *value < 0)
      return bad(kCostMax, "an amount in US dollars, as in 0.002");
    wishes.cost_max_usd = *value;
  }
  if (const auto text = http::find_header(headers, kResume)) {
    if (*text != "on" && *text != "off") return bad(kResume, "on or off");
    wishes.resume = *text == "on";
  }
  if (const auto text = http::find_header(headers, kConversation)) {
    if (text->empty() || text->size() > kConversationBytesMax)
      return bad(kConversation, "a name of 1 to 128 bytes");
    wishes.conversation = *text;
  }
  return wishes;
}

}  // namespace nearside::gateway
