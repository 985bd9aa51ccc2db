#include "http/reply_reader.h"

#include <string>
#include <string_view>

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

namespace nearside::http {

namespace beast = boost::beast;

namespace {

constexpr std::size_t kHeadersUsual = 16;
// "0\r\n\r\n": where the length of a chunk is due, no reply has less to come. Beast 1.81 asserts it
// when it looks again at what was too short, so a server that sends "0\r\n" and "\r" would end us.
constexpr std::size_t kLastChunkBytes = 5;

}  // namespace

ReplyReader::ReplyReader(Transfer& transfer) : transfer_(transfer) { expect_head(); }

void ReplyReader::expect_head() {
  parser_.emplace(transfer_);
  parser_->header_limit(kReplyHeadBytesMax);
  parser_->body_limit(boost::none);  // the transfer's, which delivers what comes before it
  parser_->skip(transfer_.request().method == "HEAD");
}

base::Result<ReplyReader::Progress> ReplyReader::read(beast::flat_buffer& buffer) {
  while (buffer.size() >= (short_of_chunk_ ? kLastChunkBytes : 1)) {
    const bool in_head = !parser_->is_header_done();
    beast::error_code error;
    const std::size_t consumed = parser_->put(buffer.data(), error);
    buffer.consume(consumed);
    short_of_chunk_ = !in_head && error == beast::http::error::need_more;
    if (in_head && !transfer_.count_head(consumed)) return transfer_.too_large();
    if (error == beast::http::error::need_more) {
      // Trailers and the lengths of chunks, too, have to be there as a whole.
      if (!transfer_.has_room_for_head(buffer.size())) return transfer_.too_large();
      return Progress::kMore;
    }
    if (transfer_.outgrown() || error == beast::http::error::header_limit)
      return transfer_.too_large();
    if (error == boost::asio::error::operation_aborted)
      return base::fail(base::Code::kCancelled, "the call was cancelled");
    if (error) return transfer_.broken("what came is not HTTP: " + error.message());
    if (!parser_->is_done()) continue;
    if (!parser_->interim()) return Progress::kDone;
    expect_head();  // 100 Continue and the like: the real head follows
  }
  return Progress::kMore;
}

base::Status ReplyReader::end_of_stream() {
  beast::error_code error = beast::http::error::partial_message;
  if (parser_->got_some()) parser_->put_eof(error);
  if (error) return transfer_.broken("the server closed it");
  return {};
}

void ReplyReader::Parser::on_response_impl(int status, Text, int, Error& error) {
  if (status < 100) error = beast::http::error::bad_status;
  status_ = status;
  headers_.reserve(kHeadersUsual);
}

void ReplyReader::Parser::on_field_impl(beast::http::field, Text name, Text value, Error&) {
  if (is_header_done()) return;  // a trailer: the sink has the head
  headers_.push_back({std::string(name), std::string(value)});
}

void ReplyReader::Parser::on_header_impl(Error& error) {
  if (interim()) return;
  transfer_.take_head(status_, headers_);
  if (transfer_.over()) error = boost::asio::error::operation_aborted;
}

std::size_t ReplyReader::Parser::on_body_impl(Text bytes, Error& error) {
  if (!transfer_.take_body({bytes.data(), bytes.size()}))
    error = boost::asio::error::operation_aborted;
  return bytes.size();
}

std::size_t ReplyReader::Parser::on_chunk_body_impl(std::uint64_t, Text bytes, Error& error) {
  return on_body_impl(bytes, error);
}

}  // namespace nearside::http
