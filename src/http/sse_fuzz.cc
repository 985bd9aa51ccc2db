// However a stream is split, it means the same events, and none is larger than the bound.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/sse.h"

namespace {

constexpr std::size_t kEventBytesMax = 256;

std::string read_in_pieces(std::string_view bytes, std::size_t piece_bytes) {
  nearside::http::SseParser parser(kEventBytesMax);
  std::string seen;
  const auto sink = [&seen](const nearside::http::SseEvent& event) {
    if (event.data.size() > kEventBytesMax) std::abort();
    seen.append(event.event).append("|").append(event.data).append("\x01");
  };
  while (!bytes.empty()) {
    if (!parser.feed(bytes.substr(0, piece_bytes), sink)) return seen + "too large";
    bytes.remove_prefix(std::min(piece_bytes, bytes.size()));
  }
  return seen + (parser.mid_event() ? "cut" : "whole");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string one = read_in_pieces(bytes, 1);
  const std::string seven = read_in_pieces(bytes, 7);
  const std::string whole = read_in_pieces(bytes, size + 1);
  if (one != seven || one != whole) std::abort();
  return 0;
}
