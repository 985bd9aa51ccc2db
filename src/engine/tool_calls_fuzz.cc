// Any text as any family's tool calls, cut anywhere: no crash, every call that begins ends, nothing
// is held after the end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "engine/tool_call_writer.h"
#include "engine/tool_calls.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nearside::engine;
  if (size < 2) return 0;
  const auto formats = tool_call_formats();
  const auto reader = formats[data[0] % formats.size()]->make_reader({"sum", "now"});
  const std::size_t piece_bytes = data[1] % 32U + 1U;
  std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  ToolCallWriter writer(1);
  for (; !text.empty(); text.remove_prefix(piece_bytes < text.size() ? piece_bytes : text.size()))
    reader->push(text.substr(0, piece_bytes), writer);
  reader->finish(writer);
  if (reader->held() != 0 || writer.calls_begun() != writer.calls_ended()) std::abort();
  return 0;
}
