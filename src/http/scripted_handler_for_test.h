// A Handler whose behaviour a test writes as a function.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "http/server.h"

namespace nearside::http {

class ScriptedHandler final : public Handler {
 public:
  using Script = std::function<void(Request, std::unique_ptr<Responder>)>;
  explicit ScriptedHandler(Script script) : script_(std::move(script)) {}
  void handle(Request request, std::unique_ptr<Responder> responder) override {
    script_(std::move(request), std::move(responder));
  }

 private:
  Script script_;
};

/// Keeps a Responder that a script leaves open; kept on the server's thread, dropped on the test's.
class KeptResponder {
 public:
  void keep(std::unique_ptr<Responder> responder) {
    const std::scoped_lock lock(mutex_);
    responder_ = std::move(responder);
  }
  void drop() {
    const std::scoped_lock lock(mutex_);
    responder_.reset();
  }

 private:
  std::mutex mutex_;  // guards responder_
  std::unique_ptr<Responder> responder_;
};

/// A server on a free loopback port with the handler that serves it.
class ScriptedServer {
 public:
  explicit ScriptedServer(ScriptedHandler::Script script, const ServerOptions& options = {})
      : handler_(std::move(script)) {
    server_ = std::move(Server::start(options, handler_, log_)).value();
  }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  Server& server() { return *server_; }

 private:
  base::Logger log_{base::Level::kOff};
  ScriptedHandler handler_;
  std::unique_ptr<Server> server_;
};

}  // namespace nearside::http
