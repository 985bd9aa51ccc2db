#include "gateway/decision_headers.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "policy/sensitivity.h"

namespace nearside::gateway {

http::Headers decision_headers(const std::string& decision_id, const policy::Label& label) {
  std::string text(policy::sensitivity_name(label.sensitivity));
  if (!label.categories.empty()) text += fmt::format("; {}", fmt::join(label.categories, ","));
  return {{"x-nearside-decision", decision_id}, {"x-nearside-label", std::move(text)}};
}

http::Response error_response(const Dialect& dialect, const ApiError& error,
                              http::Headers headers) {
  http::Response response = dialect.error(error);
  for (http::Header& header : headers) response.headers.push_back(std::move(header));
  if (error.status == 429 || error.status == 503)
    response.headers.push_back({"retry-after", std::to_string(error.retry_after_s)});
  return response;
}

}  // namespace nearside::gateway
