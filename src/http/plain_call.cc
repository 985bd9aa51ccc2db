#include "http/plain_call.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

#include "base/base64.h"
#include "base/check.h"
#include "http/plain_driver.h"

namespace nearside::http {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

PlainCall::PlainCall(ClientRequest request, ClientSink sink, PlainUrl url)
    : Transfer(std::move(request), std::move(sink)),
      url_(std::move(url)),
      origin_(url_.host + ":" + std::to_string(url_.port)) {}

base::Status PlainCall::prepare() {
  TRY(check_lines());
  const auto add = [this](std::string_view name, std::string_view value) {
    head_.append(name).append(": ").append(value).append("\r\n");
  };
  const auto add_unless_given = [&](std::string_view name, std::string_view value) {
    if (!find_header(request().headers, name)) add(name, value);
  };
  head_.reserve(512);  // most fit
  head_.append(request().method).append(" ").append(url_.target).append(" HTTP/1.1\r\n");
  add_unless_given("Host", url_.authority);
  add_unless_given("Accept", "*/*");
  if (!url_.user_info.empty())
    add_unless_given("Authorization", "Basic " + base::base64_encode(url_.user_info));
  for (const Header& header : request().headers)
    // How long the body is, is not the caller's to say: it is sent whole.
    if (!equal_ignoring_case(header.name, "content-length") &&
        !equal_ignoring_case(header.name, "transfer-encoding"))
      add(header.name, header.value);
  if (sends_body()) add("Content-Length", std::to_string(request().body.size()));
  head_.append("\r\n");
  return {};
}

void PlainCall::start(PlainDriver& driver) {
  CHECK(driver_ == nullptr && !head_.empty());
  driver_ = &driver;
  if (auto idle = driver.take_idle(origin_)) {
    reused_ = true;
    exchange(std::move(idle));
  } else {
    find_server();
  }
}

void PlainCall::stop() {
  driver_ = nullptr;
  if (connection_) std::exchange(connection_, nullptr)->close();
}

void PlainCall::find_server() {
  connecting_ = true;
  connected_by_ = attempt_until_ = steady_clock::now() + request().timeouts.connect;
  driver_->arm(due());
  driver_->names().find(
      url_.host, url_.port, [self = shared_from_this()](error_code error, const auto& endpoints) {
        if (self->driver_ == nullptr) return;
        if (error)
          return self->finish(
              self->not_connected("no address of " + self->url_.host + ": " + error.message()));
        self->endpoints_ = endpoints;
        self->endpoint_next_ = 0;
        self->connect();
      });
}

void PlainCall::connect() {
  if (connection_) std::exchange(connection_, nullptr)->close();
  if (endpoint_next_ == endpoints_.size()) return finish(not_connected(not_connected_why_));
  const PlainConnection::Endpoint& endpoint = endpoints_[endpoint_next_++];
  // An address that swallows everything leaves half of the time to those that follow.
  const Time now = steady_clock::now();
  attempt_until_ =
      endpoint_next_ < endpoints_.size() ? now + (connected_by_ - now) / 2 : connected_by_;
  driver_->arm(due());
  connection_ = std::make_shared<PlainConnection>(driver_->context(), origin_);
  connection_->connect(endpoint, [self = shared_from_this(), endpoint](error_code error) {
    if (!error) return self->exchange(self->connection_);
    self->not_connected_why_ = endpoint.address().to_string() + " port " +
                               std::to_string(endpoint.port()) + ": " + error.message();
    self->connect();
  });
}

void PlainCall::exchange(std::shared_ptr<PlainConnection> connection) {
  connecting_ = false;
  connection_ = std::move(connection);
  connection_->use(*this);
  reader_.emplace(*this);
  driver_->arm(due());
  write();
}

void PlainCall::write() {
  const std::array<asio::const_buffer, 2> bytes{
      asio::buffer(head_), sends_body() ? asio::buffer(request().body) : asio::const_buffer()};
  // Most requests fit into the socket's buffer, and need no round through the event loop. Where the
  // write fails, the reply may be there all the same: the read tells.
  error_code error;
  const std::size_t sent = connection_->socket().write_some(bytes, error);
  written_ = sent == asio::buffer_size(bytes);
  if (written_ || (error && error != asio::error::would_block)) return;
  const std::array<asio::const_buffer, 2> rest{bytes[0] + sent,
                                               bytes[1] + (sent - std::min(sent, bytes[0].size()))};
  asio::async_write(
      connection_->socket(), rest,
      [self = shared_from_this(), written_to = connection_](error_code failed, std::size_t) {
        if (!failed && self->connection_ == written_to) self->written_ = true;
      });
}

void PlainCall::on_read(PlainConnection& connection, error_code error) {
  if (!error) {
    heard_ = true;
    const auto progress = reader_->read(connection.buffer());
    if (!progress) return finish(progress.error());
    if (*progress == ReplyReader::Progress::kDone)
      finish({}, written_ && reader_->keeps_connection() && connection.buffer().size() == 0);
    return;
  }
  if (reused_ && !heard_) {
    // The server closed it while the request was on its way; it has not been looked at.
    reused_ = false;
    std::exchange(connection_, nullptr)->close();
    return find_server();
  }
  finish(error == asio::error::eof ? reader_->end_of_stream() : broken(error.message()));
}

PlainCall::Time PlainCall::due() const {
  return connecting_ ? std::min(attempt_until_, deadline()) : deadline();
}

void PlainCall::give_up(Time now) {
  if (deadline() <= now) return finish(late());
  if (!connecting_ || now < attempt_until_) return;
  if (connected_by_ <= now) return finish(not_connected_in_time());
  connect();
}

void PlainCall::finish(base::Status status, bool keep_connection) {
  const auto self = shared_from_this();
  PlainDriver& driver = *std::exchange(driver_, nullptr);
  if (auto connection = std::exchange(connection_, nullptr)) {
    if (keep_connection)
      driver.keep(std::move(connection));
    else
      connection->close();
  }
  driver.ended(*this);
  end(std::move(status));
}

}  // namespace nearside::http
