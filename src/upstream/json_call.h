// The parts of a call to a server that are the same for all providers.
#pragma once

#include <string>
#include <string_view>

#include "http/client.h"
#include "upstream/endpoint.h"

namespace nearside::upstream {

/// A POST of that JSON to `path` below the endpoint's URL.
http::ClientRequest json_call(const Endpoint& endpoint, std::string_view path, std::string body);

/// For use as one segment of a path: everything but letters, digits and -._~ is encoded.
std::string percent_encoded(std::string_view text);

}  // namespace nearside::upstream
