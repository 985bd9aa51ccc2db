#include "base/json.h"

namespace nearside::base {

Result<json::value> parse_json(std::string_view text, std::size_t depth_max) {
  json::parse_options options;
  options.max_depth = depth_max;
  json::stream_parser parser({}, options);
  boost::system::error_code error;
  const std::size_t consumed = parser.write(text, error);
  if (!error) parser.finish(error);
  if (error)
    return fail(Code::kInvalidArgument, "not valid JSON near byte {}: {}", consumed,
                error.message());
  return parser.release();
}

}  // namespace nearside::base
