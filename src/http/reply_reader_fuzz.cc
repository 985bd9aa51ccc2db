// However a server's reply is split, it means the same to the sink, and no bound is passed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/reply_feed_for_test.h"

namespace {

using nearside::http::ClientRequest;
using nearside::http::ClientSink;
using nearside::http::Headers;
using nearside::http::ReplyReader;
using nearside::http::Transfer;

constexpr std::size_t kBodyBytesMax = 64;
// How soon it is seen that a reply is none, and what of it was delivered, depends on the pieces.
constexpr const char* kFailed = "failed";

std::string read_in_pieces(std::string_view bytes, std::size_t piece_bytes) {
  std::string seen;
  std::size_t body_bytes = 0;
  int heads = 0;
  ClientSink sink;
  sink.on_head = [&](int status, const Headers& headers) {
    if (++heads > 1) std::abort();
    seen += std::to_string(status);
    for (const auto& header : headers) seen += header.name + "\x01" + header.value + "\x02";
  };
  sink.on_body = [&](std::string_view piece) {
    if (heads != 1) std::abort();
    body_bytes += piece.size();
    if (body_bytes > kBodyBytesMax) std::abort();
    seen += piece;
  };
  Transfer transfer(ClientRequest{.url = "", .response_bytes_max = kBodyBytesMax}, sink);
  ReplyReader reader(transfer);
  boost::beast::flat_buffer buffer;
  const auto progress = nearside::http::feed_in_pieces(reader, bytes, piece_bytes, buffer);
  if (!progress) return kFailed;
  if (*progress == ReplyReader::Progress::kDone)
    return seen + (reader.keeps_connection() ? "kept" : "closed") +
           std::to_string(buffer.size() + bytes.size());
  return reader.end_of_stream() ? seen + "whole" : kFailed;
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
