#include "http/connection.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace nearside::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using beast::http::field;
using std::chrono::steady_clock;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBytes = 16U << 10;
// Pipelined requests are kept while a reply is under way up to this; then reading stops and TCP
// holds the client back.
constexpr std::size_t kReadAheadBytesMax = 64U << 10;
// After a refusal the client may still be sending the body we will not read. Closing at once would
// reset the connection and take our answer with it, so we read on for a while.
constexpr std::chrono::milliseconds kLingerTimeout{1'000};
constexpr std::size_t kLingerBytesMax = 8U << 20;
// The first byte of every TLS connection (RFC 8446, section 5.1: a record of type handshake). No
// method of HTTP begins with it.
constexpr char kTlsHandshake = 0x16;

int status_for(const beast::error_code& error) {
  if (error == beast::http::error::header_limit) return 431;
  if (error == beast::http::error::body_limit) return 413;
  return 400;
}

std::string_view sentence_for(int status) {
  switch (status) {
    case 408:
      return "the request took too long to arrive";
    case 413:
      return "the request body is larger than this server accepts";
    case 431:
      return "the request headers are larger than this server accepts";
    default:
      return "this is not a well-formed HTTP/1.1 request";
  }
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

std::string path_of(beast::string_view target) {
  return std::string(view(target).substr(0, view(target).find('?')));
}

Request to_request(beast::http::request<beast::http::string_body>&& message,
                   const std::string& remote_address, const std::string& client_name) {
  Request request;
  request.method = view(message.method_string());
  const std::string_view target = view(message.target());
  const std::size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  for (const auto& header : message)
    request.headers.push_back(
        {std::string(view(header.name_string())), std::string(view(header.value()))});
  request.body = std::move(message.body());
  request.remote_address = remote_address;
  request.client_name = client_name;
  return request;
}

}  // namespace

Connection::Connection(Wire::Socket socket, std::shared_ptr<asio::ssl::context> tls,
                       const ServerOptions& options, Handler& handler,
                       const std::atomic<bool>& draining)
    : wire_(std::move(socket), std::move(tls)),
      options_(options),
      handler_(handler),
      draining_(draining),
      wake_timer_(wire_.socket().get_executor()),
      deadline_timer_(wire_.socket().get_executor()) {
  boost::system::error_code ignored;
  // One small write a token must not wait for the acknowledgement of the one before.
  wire_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto endpoint = wire_.socket().remote_endpoint(ignored);
  if (!ignored) remote_address_ = endpoint.address().to_string(ignored);
}

Connection::~Connection() {
  if (const auto reply = reply_.lock()) reply->client_gone();
}

asio::awaitable<void> Connection::serve() {
  const auto self = shared_from_this();
  Next next = co_await shake_hands() ? Next::kRequest : Next::kClose;
  while (next == Next::kRequest && !cut_) next = co_await serve_one();
  co_await stop_watching();
  boost::system::error_code ignored;
  if (next == Next::kReset) {
    // Without chunks, only a reset tells an incomplete stream from a complete one.
    wire_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
  } else if (!cut_ && !timed_out_ && !peer_left_) {
    co_await linger();
  }
  wire_.socket().close(ignored);
  deadline_timer_.cancel();
}

void Connection::drain() {
  if (idle_) {
    cut_ = true;
    wire_.cancel();
  }
}

void Connection::cut() {
  cut_ = true;
  boost::system::error_code ignored;
  wire_.socket().close(ignored);
  wake();
}

asio::awaitable<bool> Connection::shake_hands() {
  if (!wire_.encrypted()) co_return true;
  // Until a client has said something, a server that shuts down need not wait for it.
  idle_ = true;
  set_deadline(options_.header_timeout);
  char first = 0;
  const auto [peek_error, count] = co_await wire_.socket().async_receive(
      asio::buffer(&first, 1), asio::socket_base::message_peek, kTuple);
  idle_ = false;
  if (peek_error || timed_out_ || cut_) {
    timed_out_ = true;  // Nothing was asked, so there is nothing to say or to wait for.
    co_return false;
  }
  if (first != kTlsHandshake) {
    handler_.handshake_failed(remote_address_, "the client spoke plain HTTP to a TLS port");
    wire_.speak_plainly();
    co_await refuse(400, "this port speaks TLS only: call it with https:// instead of http://");
    co_return false;
  }
  const auto [error] =
      co_await wire_.stream().async_handshake(asio::ssl::stream_base::server, kTuple);
  if (error || timed_out_ || cut_) {
    handler_.handshake_failed(remote_address_, timed_out_ ? "the handshake took too long"
                                               : cut_     ? "the server is shutting down"
                                                          : error.message());
    // OpenSSL has sent its alert; there is no more to say.
    wire_.speak_plainly();
    co_return false;
  }
  clear_deadline();
  client_name_ = wire_.client_name();
  co_return true;
}

asio::awaitable<Connection::Next> Connection::serve_one() {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(options_.header_bytes_max));
  parser.body_limit(options_.body_bytes_max);

  if (buffer_.size() == 0) {
    if (draining_) co_return Next::kClose;
    idle_ = true;
    set_deadline(options_.idle_timeout);
    const bool alive = co_await read_more();
    idle_ = false;
    if (!alive) {
      timed_out_ = true;  // Nothing was asked, so there is nothing to say or to wait for.
      co_return Next::kClose;
    }
  }
  set_deadline(options_.header_timeout);
  if (const int status = co_await read_head(parser); status != 0)
    co_return co_await refuse(status, sentence_for(status), path_of(parser.get().target()));

  const auto& head = parser.get();
  if (parser.get().version() >= 11 && head.count(field::host) != 1)
    co_return co_await refuse(400, sentence_for(400), path_of(head.target()));
  if (beast::iequals(head[field::expect], "100-continue") && !parser.is_done())
    if (!co_await write_all("HTTP/1.1 100 Continue\r\n\r\n")) co_return Next::kClose;

  set_deadline(options_.body_timeout);
  if (const int status = co_await read_body(parser); status != 0)
    co_return co_await refuse(status, sentence_for(status), path_of(parser.get().target()));
  clear_deadline();

  ReplyFraming framing;
  framing.head_only = parser.get().method() == beast::http::verb::head;
  framing.keep_alive = parser.get().keep_alive() && !draining_;
  framing.http_1_0 = parser.get().version() < 11;
  framing.buffer_bytes_max = options_.stream_buffer_bytes_max;
  co_return co_await reply_to(to_request(parser.release(), remote_address_, client_name_), framing);
}

asio::awaitable<bool> Connection::read_more() {
  if (watching_) {
    while (watching_) co_await wait_for_wake();
    co_return !peer_left_ && !timed_out_ && !cut_;
  }
  const auto space = buffer_.prepare(kReadBytes);
  const auto [error, count] = co_await wire_.read_some(space, kTuple);
  buffer_.commit(count);
  if (error && !timed_out_) peer_left_ = true;
  co_return !error && !timed_out_ && !cut_;
}

asio::awaitable<int> Connection::read_head(Parser& parser) {
  for (;;) {
    beast::error_code error;
    buffer_.consume(parser.put(buffer_.data(), error));
    if (parser.is_header_done()) co_return 0;
    if (error && error != beast::http::error::need_more) co_return status_for(error);
    if (buffer_.size() >= options_.header_bytes_max) co_return 431;
    if (!co_await read_more()) co_return 408;
  }
}

asio::awaitable<int> Connection::read_body(Parser& parser) {
  parser.eager(true);
  while (!parser.is_done()) {
    beast::error_code error;
    std::size_t consumed = buffer_.size();
    while (consumed > 0 && buffer_.size() > 0 && !error && !parser.is_done()) {
      consumed = parser.put(buffer_.data(), error);
      buffer_.consume(consumed);
    }
    if (parser.is_done()) break;
    if (error && error != beast::http::error::need_more) co_return status_for(error);
    // A chunk header or trailer longer than any honest one.
    if (buffer_.size() >= options_.header_bytes_max + kReadBytes) co_return 400;
    if (!co_await read_more()) co_return 408;
  }
  co_return 0;
}

asio::awaitable<Connection::Next> Connection::reply_to(Request request, ReplyFraming framing) {
  const auto executor = wire_.socket().get_executor();
  const auto reply = std::make_shared<Reply>(framing, [executor, weak = weak_from_this()] {
    asio::dispatch(executor, [weak] {
      if (const auto self = weak.lock()) self->wake();
    });
  });
  woken_ = false;
  reply_ = reply;
  handler_.handle(std::move(request), make_responder(reply));

  Reply::End end = Reply::End::kOpen;
  for (;;) {
    if (draining_) reply->close_after();
    Reply::Taken taken = reply->take();
    end = taken.end;
    if (!taken.bytes.empty() && !co_await write_all(std::move(taken.bytes))) {
      peer_left_ = true;
      break;
    }
    if (end != Reply::End::kOpen || peer_left_ || cut_) break;
    watch();
    co_await wait_for_wake();
  }
  if (peer_left_ || cut_) reply->client_gone();
  reply_.reset();
  watch_wanted_ = false;
  // A read that has found nothing yet is the next request's.
  if (end != Reply::End::kKeep || buffer_.size() > 0) co_await stop_watching();
  if (peer_left_ || cut_) co_return Next::kClose;
  switch (end) {
    case Reply::End::kKeep:
      co_return Next::kRequest;
    case Reply::End::kReset:
      co_return Next::kReset;
    default:
      co_return Next::kClose;
  }
}

asio::awaitable<Connection::Next> Connection::refuse(int status, std::string_view sentence,
                                                     std::string path) {
  if (peer_left_ || cut_) co_return Next::kClose;
  timed_out_ = false;
  ReplyFraming framing;
  framing.keep_alive = false;
  Reply reply(framing, [] {});
  reply.send(handler_.refusal(status, sentence, path));
  co_await write_all(reply.take().bytes);
  co_return Next::kClose;
}

asio::awaitable<bool> Connection::write_all(std::string bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    set_deadline(options_.write_stall_timeout);
    const auto [error, count] =
        co_await wire_.write_some(asio::buffer(bytes.data() + sent, bytes.size() - sent), kTuple);
    sent += count;
    if (error || timed_out_ || cut_) co_return false;
  }
  clear_deadline();
  co_return true;
}

asio::awaitable<void> Connection::linger() {
  set_deadline(kLingerTimeout);
  if (wire_.encrypted()) {
    // Says that this is the end, and not somebody who cut the line. What the client does with that
    // shows below.
    co_await wire_.stream().async_shutdown(kTuple);
    if (timed_out_ || cut_) co_return;
    wire_.speak_plainly();
  }
  boost::system::error_code ignored;
  wire_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (ignored) co_return;
  std::size_t discarded = buffer_.size();
  buffer_.consume(buffer_.size());
  while (discarded < kLingerBytesMax) {
    const auto [error, count] = co_await wire_.read_some(buffer_.prepare(kReadBytes), kTuple);
    if (error || timed_out_ || cut_) co_return;
    discarded += count;
  }
}

void Connection::watch() {
  watch_wanted_ = true;
  if (watching_ || buffer_.size() >= kReadAheadBytesMax) return;
  watching_ = true;
  wire_.read_some(buffer_.prepare(kReadBytes),
                  [self = shared_from_this()](boost::system::error_code error, std::size_t count) {
                    self->watching_ = false;
                    self->buffer_.commit(count);
                    if (error && error != asio::error::operation_aborted) {
                      self->peer_left_ = true;
                      if (const auto reply = self->reply_.lock()) reply->client_gone();
                    } else if (!error && self->watch_wanted_) {
                      self->watch();
                    }
                    if (!self->watching_) self->wake();
                  });
}

asio::awaitable<void> Connection::stop_watching() {
  if (!watching_) co_return;
  wire_.cancel();
  while (watching_) co_await wait_for_wake();
}

void Connection::wake() {
  woken_ = true;
  wake_timer_.cancel();
}

asio::awaitable<void> Connection::wait_for_wake() {
  if (!woken_) {
    wake_timer_.expires_at(steady_clock::time_point::max());
    co_await wake_timer_.async_wait(kTuple);
  }
  woken_ = false;
}

void Connection::set_deadline(std::chrono::milliseconds from_now) {
  deadline_ = steady_clock::now() + from_now;
  if (!timer_fires_ || *deadline_ < *timer_fires_) arm_timer();
}

void Connection::clear_deadline() { deadline_.reset(); }

void Connection::arm_timer() {
  timer_fires_ = deadline_;
  deadline_timer_.expires_at(*deadline_);
  deadline_timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->timer_fires_.reset();
    if (!self->deadline_) return;
    if (steady_clock::now() < *self->deadline_) {
      self->arm_timer();
      return;
    }
    self->deadline_.reset();
    self->timed_out_ = true;
    self->wire_.cancel();
  });
}

}  // namespace nearside::http
