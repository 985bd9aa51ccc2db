// Any text is a configuration or a list of problems, never a crash.
#include <string_view>

#include "gateway/config.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto config = nearside::gateway::parse_config({reinterpret_cast<const char*>(data), size},
                                                      "fuzz/nearside.yaml");
  if (!config && config.error().message.empty()) __builtin_trap();
  return 0;
}
