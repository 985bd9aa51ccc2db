// The JSON object that every call's body is, and the fields that all dialects share.
#pragma once

#include <string_view>
#include <variant>

#include "gateway/dialect.h"
#include "gateway/json_field.h"

namespace nearside::gateway {

inline constexpr std::size_t kModelNameBytesMax = 256;
inline constexpr std::size_t kStopsMax = 4;
inline constexpr std::size_t kStopBytesMax = 128;
inline constexpr std::int64_t kCompletionTokensLimit = 1 << 24;

/// Fills original, original_text and original_dialect. Refuses bodies that name a field twice: the
/// label reads one of the two, and a server to which the bytes go might read the other.
std::optional<ApiError> read_body(std::string_view body, std::string_view dialect, Asked& asked);

/// "model", required.
void read_model(JsonFields& fields, Asked& asked);
/// A string or an array of them, as the dialect's field `name`.
void read_stops(JsonFields& fields, std::string_view name, chat::Request& request);
/// "temperature" up to `temperature_max`, "top_p" and "top_k".
void read_temperature(JsonFields& fields, double temperature_max, chat::Sampling& sampling);

/// A canonical message {role, content}.
base::json::object make_message(std::string_view role, base::json::value content);
/// A canonical content part.
base::json::object text_part(std::string_view text);
base::json::object image_part(std::string_view url);
/// "data:TYPE;base64,DATA".
std::string data_url(std::string_view media_type, std::string_view base64);

}  // namespace nearside::gateway
