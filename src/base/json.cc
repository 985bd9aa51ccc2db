#include "base/json.h"

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
  const std::size_t begin = at + 1;
  // Strings are long and quotes in them rare, so quotes are looked for, many bytes at a time. One
  // is part of the string when an odd number of backslashes stands before it.
  for (std::size_t quote = text.find('"', begin); quote != std::string_view::npos;
       quote = text.find('"', quote + 1)) {
    std::size_t backslashes = 0;
    while (quote - backslashes > begin && text[quote - backslashes - 1] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return quote + 1;
  }
  return text.size();
}

}  // namespace nearside::base
