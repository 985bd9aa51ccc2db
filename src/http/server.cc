#include "http/server.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "http/connection.h"

namespace nearside::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// A burst of clients waits in the kernel while the server accepts; more than this is refused there.
constexpr int kBacklog = 1024;
// When the process has no descriptor left, accepting fails at once and would spin.
constexpr std::chrono::milliseconds kAcceptRetry{20};

class AsioServer final : public Server {
 public:
  AsioServer(const ServerOptions& options, Handler& handler, base::Logger& log)
      : options_(options),
        handler_(handler),
        log_(log),
        loops_(options.loops ? options.loops
                             : std::make_shared<Loops>(std::max<std::size_t>(1, options.threads))),
        connections_(loops_->size()),
        acceptor_(loops_->context(0)) {}

  ~AsioServer() override {
    destroyed_ = draining_ = true;
    stop_accepting();
    each_connection([](Connection& connection) { connection.cut(); });
    std::unique_lock lock(empty_mutex_);
    empty_.wait(lock, [this] { return connection_count_ == 0 && !accepting_; });
  }

  base::Status listen() {
    boost::system::error_code error;
    const asio::ip::address address = asio::ip::make_address(options_.address, error);
    if (error)
      return base::fail(base::Code::kInvalidArgument,
                        "cannot listen on '{}': not an IP address (try 127.0.0.1, 0.0.0.0 or ::)",
                        options_.address);
    const tcp::endpoint endpoint(address, options_.port);
    const auto step = [&](auto&& action) {
      if (!error) action();
    };
    step([&] { acceptor_.open(endpoint.protocol(), error); });
    step([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), error); });
    step([&] { acceptor_.bind(endpoint, error); });
    step([&] { acceptor_.listen(kBacklog, error); });
    if (error == asio::error::address_in_use)
      return base::fail(base::Code::kUnavailable,
                        "cannot listen on {}:{}: another program has this port; stop it, or choose "
                        "another with --listen",
                        options_.address, options_.port);
    if (error)
      return base::fail(base::Code::kUnavailable, "cannot listen on {}:{}: {}", options_.address,
                        options_.port, error.message());
    port_ = acceptor_.local_endpoint(error).port();
    accepting_ = true;
    asio::co_spawn(loops_->context(0), accept(), asio::detached);
    return {};
  }

  [[nodiscard]] std::uint16_t port() const override { return port_; }
  [[nodiscard]] std::string address() const override {
    const bool v6 = options_.address.find(':') != std::string::npos;
    return v6 ? fmt::format("[{}]:{}", options_.address, port_)
              : fmt::format("{}:{}", options_.address, port_);
  }
  [[nodiscard]] std::size_t connection_count() const override { return connection_count_; }

  bool drain(std::chrono::milliseconds patience) override {
    draining_ = true;
    stop_accepting();
    each_connection([](Connection& connection) { connection.drain(); });
    if (wait_until_empty(patience)) return true;
    each_connection([](Connection& connection) { connection.cut(); });
    wait_until_empty(kCutPatience);
    return false;
  }

 private:
  // A cut connection ends as soon as its thread looks at it.
  static constexpr std::chrono::milliseconds kCutPatience{2'000};

  asio::awaitable<void> accept() {
    std::size_t next = 0;
    while (!draining_) {
      const std::size_t loop = next++ % loops_->size();
      auto [error, socket] = co_await acceptor_.async_accept(loops_->context(loop).get_executor(),
                                                             asio::as_tuple(asio::use_awaitable));
      if (!acceptor_.is_open()) break;
      if (error) {
        log_.warn("http", "cannot accept a connection: {}", error.message());
        asio::steady_timer pause(loops_->context(0), kAcceptRetry);
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
        continue;
      }
      if (connection_count_ >= options_.connections_max) {
        turn_away(std::move(socket));
        continue;
      }
      ++connection_count_;
      asio::co_spawn(loops_->context(loop), serve(loop, std::move(socket)), asio::detached);
    }
    const std::scoped_lock lock(empty_mutex_);
    accepting_ = false;
    empty_.notify_all();
  }

  asio::awaitable<void> serve(std::size_t loop, tcp::socket socket) {
    {
      const auto connection =
          std::make_shared<Connection>(std::move(socket), context(), options_, handler_, draining_);
      connections_[loop].insert(connection.get());
      if (destroyed_) connection->cut();
      co_await connection->serve();
      connections_[loop].erase(connection.get());
    }
    // Under the lock to the end: with the last connection this server may go.
    const std::scoped_lock lock(empty_mutex_);
    --connection_count_;
    empty_.notify_all();
  }

  /// Best effort and without waiting: who is over the bound gets no share of our time.
  void turn_away(tcp::socket socket) {
    // A refusal in TLS would need a handshake first, which is what there is no room for.
    if (options_.tls) return;
    ReplyFraming framing;
    framing.keep_alive = false;
    Reply reply(framing, [] {});
    reply.send(handler_.refusal(503, "this server has reached its bound of open connections", ""));
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(reply.take().bytes), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  }

  [[nodiscard]] std::shared_ptr<asio::ssl::context> context() const {
    return options_.tls ? options_.tls->context() : nullptr;
  }

  void stop_accepting() {
    loops_->on_each([this](std::size_t loop) {
      boost::system::error_code ignored;
      if (loop == 0) acceptor_.close(ignored);
    });
  }

  void each_connection(void (*action)(Connection&)) {
    loops_->on_each([this, action](std::size_t loop) {
      for (Connection* connection : connections_[loop]) action(*connection);
    });
  }

  bool wait_until_empty(std::chrono::milliseconds patience) {
    std::unique_lock lock(empty_mutex_);
    return empty_.wait_for(lock, patience, [this] { return connection_count_ == 0; });
  }

  const ServerOptions options_;
  Handler& handler_;
  base::Logger& log_;
  std::uint16_t port_ = 0;
  std::atomic<bool> draining_{false};
  std::atomic<bool> destroyed_{false};  // who is accepted from now on is cut at once
  std::atomic<std::size_t> connection_count_{0};
  std::mutex empty_mutex_;  // pairs with empty_; connection_count_ falls under it
  std::condition_variable empty_;
  bool accepting_ = false;  // guarded by empty_mutex_
  const std::shared_ptr<Loops> loops_;
  std::vector<std::set<Connection*>> connections_;  // of each loop, touched on its thread only
  tcp::acceptor acceptor_;                          // on the first loop's thread
};

}  // namespace

Response Handler::refusal(int status, std::string_view sentence, std::string_view) {
  return {.status = status,
          .headers = {{"content-type", "text/plain"}},
          .body = std::string(sentence) + "\n"};
}

void Handler::handshake_failed(std::string_view, std::string_view) {}

base::Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Handler& handler,
                                                    base::Logger& log) {
  auto server = std::make_unique<AsioServer>(options, handler, log);
  TRY(server->listen());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace nearside::http
