// One upstream server as configured: where it is, what it calls the model, how long we wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "http/client.h"
#include "upstream/key.h"

namespace nearside::upstream {

/// How the server writes on where an answer broke off (Request::begun). Not every server of a
/// dialect does, so it is said and never guessed.
enum class Continues {
  kNot,
  kLastMessage,           // what was said is the last message, the assistant's: llama-server,
                          // Anthropic, Ollama
  kPrefix,                // the same with "prefix": true: Mistral, DeepSeek
  kContinueFinalMessage,  // the same with a field beside the messages: vLLM, SGLang
};

/// "off", "last_message", "prefix", "continue_final_message". REQUIRES: one of them.
Continues parse_continues(std::string_view name);

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
  Continues continues = Continues::kNot;
};

}  // namespace nearside::upstream
