// A reply's bytes into its reader, cut into pieces of one size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "http/reply_reader.h"

namespace nearside::http {

/// Until the reply is done, wrong or out of bytes: kMore. Takes what was fed off `bytes`; what the
/// reader has left of it is in `buffer`.
inline base::Result<ReplyReader::Progress> feed_in_pieces(ReplyReader& reader,
                                                          std::string_view& bytes,
                                                          std::size_t piece_bytes,
                                                          boost::beast::flat_buffer& buffer) {
  auto progress = ReplyReader::Progress::kMore;
  while (progress == ReplyReader::Progress::kMore && !bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    const auto space = buffer.prepare(piece.size());
    std::copy(piece.begin(), piece.end(), static_cast<char*>(space.data()));
    buffer.commit(piece.size());
    progress = TRY(reader.read(buffer));
  }
  return progress;
}

}  // namespace nearside::http
