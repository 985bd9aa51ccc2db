#include "http/plain_connection.h"

namespace nearside::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kReadBytes = 16U << 10;

}  // namespace

void PlainConnection::connect(const Endpoint& endpoint, std::function<void(error_code)> done) {
  error_code ignored;
  socket_.open(endpoint.protocol(), ignored);  // one that could not be opened fails below
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.async_connect(endpoint,
                        [self = shared_from_this(), done = std::move(done)](error_code error) {
                          if (self->closed_) return;
                          if (!error) self->socket_.non_blocking(true, error);
                          done(error);
                          if (!error && !self->closed_) self->read();
                        });
}

void PlainConnection::close() {
  if (std::exchange(closed_, true)) return;
  error_code ignored;
  socket_.close(ignored);
}

void PlainConnection::read() {
  socket_.async_read_some(buffer_.prepare(kReadBytes),
                          [self = shared_from_this()](error_code error, std::size_t bytes) {
                            if (self->closed_) return;
                            self->buffer_.commit(bytes);
                            self->user_->on_read(*self, error);
                            if (!error && !self->closed_) self->read();
                          });
}

}  // namespace nearside::http
