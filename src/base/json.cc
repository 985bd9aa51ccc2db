#include "base/json.h"

#include <algorithm>

namespace nearside::base {

Result<json::value> parse_json(std::string_view text, std::size_t depth_max,
                               const json::storage_ptr& storage) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::stream_parser parser({}, options);
  parser.reset(storage);
  boost::system::error_code error;
  const std::size_t consumed = parser.write(text, error);
  if (!error) parser.finish(error);
  if (error)
    return fail(Code::kInvalidArgument, "not valid JSON near byte {}: {}", consumed,
                error.message());
  return parser.release();
}

std::size_t json_string_end(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size()) {
    // Strings are long and escapes are rare: both are looked for many bytes at a time.
    const std::size_t quote = std::min(text.find('"', at), text.size());
    const std::size_t escape = text.substr(0, quote).find('\\', at);
    if (escape == std::string_view::npos) return std::min(quote + 1, text.size());
    at = escape + 2;
  }
  return text.size();
}

}  // namespace nearside::base
