#include "http/server.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
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
      : options_(options), handler_(handler), log_(log) {
    for (std::size_t i = 0; i < std::max<std::size_t>(1, options.threads); ++i)
      loops_.push_back(std::make_unique<Loop>());
    acceptor_ = std::make_unique<tcp::acceptor>(loops_[0]->context);
  }

  ~AsioServer() override {
    stop_accepting();
    for (const auto& loop : loops_) loop->context.stop();
    for (const auto& loop : loops_)
      if (loop->thread.joinable()) loop->thread.join();
    // Coroutines that never finished are destroyed with their context, connections with them.
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
    step([&] { acceptor_->open(endpoint.protocol(), error); });
    step([&] { acceptor_->set_option(asio::socket_base::reuse_address(true), error); });
    step([&] { acceptor_->bind(endpoint, error); });
    step([&] { acceptor_->listen(kBacklog, error); });
    if (error == asio::error::address_in_use)
      return base::fail(base::Code::kUnavailable,
                        "cannot listen on {}:{}: another program has this port; stop it, or choose "
                        "another with --listen",
                        options_.address, options_.port);
    if (error)
      return base::fail(base::Code::kUnavailable, "cannot listen on {}:{}: {}", options_.address,
                        options_.port, error.message());
    port_ = acceptor_->local_endpoint(error).port();
    asio::co_spawn(loops_[0]->context, accept(), asio::detached);
    for (const auto& loop : loops_)
      loop->thread = std::thread([&context = loop->context] { context.run(); });
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

  /// One thread and its connections.
  struct Loop {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    std::set<Connection*> connections;  // touched on this loop's thread only
    std::thread thread;
  };

  asio::awaitable<void> accept() {
    std::size_t next = 0;
    while (!draining_) {
      Loop& loop = *loops_[next++ % loops_.size()];
      auto [error, socket] = co_await acceptor_->async_accept(loop.context.get_executor(),
                                                              asio::as_tuple(asio::use_awaitable));
      if (!acceptor_->is_open()) break;
      if (error) {
        log_.warn("http", "cannot accept a connection: {}", error.message());
        asio::steady_timer pause(loops_[0]->context, kAcceptRetry);
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
        continue;
      }
      if (connection_count_ >= options_.connections_max) {
        turn_away(std::move(socket));
        continue;
      }
      ++connection_count_;
      asio::co_spawn(loop.context, serve(loop, std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> serve(Loop& loop, tcp::socket socket) {
    const auto connection =
        std::make_shared<Connection>(std::move(socket), context(), options_, handler_, draining_);
    loop.connections.insert(connection.get());
    co_await connection->serve();
    loop.connections.erase(connection.get());
    {
      const std::scoped_lock lock(empty_mutex_);
      --connection_count_;
    }
    empty_.notify_all();
  }

  /// Best effort and without waiting: who is over the bound gets no share of our time.
  void turn_away(tcp::socket socket) {
    // A refusal in TLS would need a handshake first, which is what there is no room for.
    if (options_.tls) return;
    ReplyFraming framing;
    framing.keep_alive = false;
    Reply reply(framing, [] {});
    reply.send(handler_.refusal(503, "this server has reached its bound of open connections"));
    boost::system::error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(reply.take().bytes), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  }

  [[nodiscard]] std::shared_ptr<asio::ssl::context> context() const {
    return options_.tls ? options_.tls->context() : nullptr;
  }

  void stop_accepting() {
    if (!loops_[0]->thread.joinable()) return;
    asio::post(loops_[0]->context, [this] {
      boost::system::error_code ignored;
      acceptor_->close(ignored);
    });
  }

  void each_connection(void (*action)(Connection&)) {
    for (const auto& loop : loops_)
      asio::post(loop->context, [&connections = loop->connections, action] {
        for (Connection* connection : connections) action(*connection);
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
  std::atomic<std::size_t> connection_count_{0};
  std::mutex empty_mutex_;  // pairs with empty_; connection_count_ falls under it
  std::condition_variable empty_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<tcp::acceptor> acceptor_;
};

}  // namespace

Response Handler::refusal(int status, std::string_view sentence) {
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
