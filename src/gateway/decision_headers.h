// What a reply says of its decision: the x-nearside-* headers, also on errors.
#pragma once

#include <string>

#include "gateway/api_error.h"
#include "gateway/dialect.h"
#include "http/message.h"
#include "policy/label.h"

namespace nearside::gateway {

/// x-nearside-decision and x-nearside-label: "confidential; email,iban".
http::Headers decision_headers(const std::string& decision_id, const policy::Label& label);

/// The error in its dialect, with further headers; and when to come back, where that may help.
http::Response error_response(const Dialect& dialect, const ApiError& error,
                              http::Headers headers = {});

}  // namespace nearside::gateway
