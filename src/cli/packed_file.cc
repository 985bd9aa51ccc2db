#include "cli/packed_file.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include <lzma.h>
#include <zlib.h>

#include "base/file.h"

namespace nearside::cli {

namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr std::uint64_t kUnpackMemoryMax = std::uint64_t{256} << 20;
constexpr int kGzipWindow = 15 + 16;  // the largest window, with gzip's header

base::Error too_large(const std::string& path, std::size_t limit_bytes) {
  return fail(Code::kTooLarge, "{} has more than {} bytes when unpacked", path, limit_bytes);
}

Result<std::string> unpack_xz(const std::string& path, const std::string& packed,
                              std::size_t limit_bytes) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, kUnpackMemoryMax, LZMA_CONCATENATED) != LZMA_OK)
    return fail(Code::kInternal, "cannot begin to unpack {}", path);
  const std::unique_ptr<lzma_stream, decltype(&lzma_end)> ended(&stream, lzma_end);
  stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
  stream.avail_in = packed.size();
  std::string out;
  std::array<char, 1U << 16> piece{};
  while (true) {
    stream.next_out = reinterpret_cast<std::uint8_t*>(piece.data());
    stream.avail_out = piece.size();
    const lzma_ret status = lzma_code(&stream, LZMA_FINISH);
    out.append(piece.data(), piece.size() - stream.avail_out);
    if (out.size() > limit_bytes) return too_large(path, limit_bytes);
    if (status == LZMA_STREAM_END) return out;
    if (status != LZMA_OK)
      return fail(Code::kCorrupt, "{} is not a whole xz file (liblzma says {})", path,
                  static_cast<int>(status));
  }
}

Result<std::string> unpack_gzip(const std::string& path, std::string& packed,
                                std::size_t limit_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK)
    return fail(Code::kInternal, "cannot begin to unpack {}", path);
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> ended(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  std::array<char, 1U << 16> piece{};
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
    if (out.size() > limit_bytes) return too_large(path, limit_bytes);
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      inflateReset(&stream);  // members follow each other
    } else if (status != Z_OK) {
      return fail(Code::kCorrupt, "{} is not a whole gzip file (zlib says {})", path, status);
    }
  }
}

}  // namespace

Result<std::string> read_packed_file(const std::string& path, std::size_t limit_bytes) {
  std::string bytes = TRY(base::read_file(path, limit_bytes));
  const std::string_view view = bytes;
  if (view.substr(0, 6) == std::string_view("\xfd"
                                            "7zXZ\0",
                                            6))
    return unpack_xz(path, bytes, limit_bytes);
  if (view.substr(0, 2) == "\x1f\x8b") return unpack_gzip(path, bytes, limit_bytes);
  return bytes;
}

}  // namespace nearside::cli
