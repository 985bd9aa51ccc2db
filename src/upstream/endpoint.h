// One upstream server as configured: where it is, what it calls the model, how long we wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "http/client.h"
#include "upstream/key.h"

namespace nearside::upstream {

struct Endpoint {
  std::string name;  // of the target, for errors: "cloud/large"
  std::string provider = "openai";
  std::string url;    // "https://host/v1"; the provider appends its paths
  std::string model;  // as that server calls it
  Key key;
  http::ClientTimeouts timeouts;
  std::size_t calls_max = 64;  // at once; one more fails with kExhausted
  http::ClientTls tls;
  std::string api_version;  // azure: of the deployment's API; anthropic: of the messages API
  std::string region;       // bedrock: AWS region; empty: read from the URL
};

}  // namespace nearside::upstream
