// The bytes of a server's reply become calls of a sink. Only plain_call.cc includes this.
#pragma once

#include <cstdint>
#include <optional>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "http/transfer.h"

namespace nearside::http {

/// Reads one reply. Pieces of the body go to the sink where they lie, chunked or not; nothing is
/// kept but the head. On one thread.
class ReplyReader {
 public:
  enum class Progress { kMore, kDone };

  explicit ReplyReader(Transfer& transfer);

  /// Consumes what it understands of `buffer`; what it leaves is wanted again with the bytes that
  /// follow, or belongs to nobody after kDone. Errors: kUnavailable (not HTTP), kTooLarge,
  /// kCancelled (the sink wants no more). After kDone or an error, no more.
  base::Result<Progress> read(boost::beast::flat_buffer& buffer);
  /// The server sends no more. Errors: kUnavailable (the reply is not complete).
  base::Status end_of_stream();
  /// After kDone: whether the server listens on.
  [[nodiscard]] bool keeps_connection() const { return parser_->keep_alive(); }

 private:
  class Parser final : public boost::beast::http::basic_parser<false> {
   public:
    explicit Parser(Transfer& transfer) : transfer_(transfer) {}
    [[nodiscard]] bool interim() const { return status_ < 200; }

   private:
    using Error = boost::system::error_code;
    using Text = boost::core::string_view;

    void on_request_impl(boost::beast::http::verb, Text, Text, int, Error&) override {}
    void on_response_impl(int status, Text reason, int version, Error& error) override;
    void on_field_impl(boost::beast::http::field name, Text name_text, Text value,
                       Error& error) override;
    void on_header_impl(Error& error) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
    std::size_t on_body_impl(Text bytes, Error& error) override;
    void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, Error& error) override;
    void on_finish_impl(Error&) override {}

    Transfer& transfer_;
    int status_ = 0;
    Headers headers_;
  };

  void expect_head();

  Transfer& transfer_;
  bool short_of_chunk_ = false;   // the length of a chunk has begun
  std::optional<Parser> parser_;  // one for each head: interim replies come before the real one
};

}  // namespace nearside::http
