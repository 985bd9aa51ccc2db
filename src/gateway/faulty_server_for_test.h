// An upstream that breaks in every way a server can, and records what it was sent.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/scripted_handler_for_test.h"

namespace nearside::gateway {

/// Each reply of it has a fault drawn at random, or none. It redirects to another server, too.
class FaultyServer {
 public:
  /// `whole`: the stream of an answer without faults, in OpenAI's dialect.
  FaultyServer(std::uint16_t elsewhere_port, std::string_view whole)
      : elsewhere_port_(elsewhere_port),
        whole_(whole),
        server_([this](http::Request request, std::unique_ptr<http::Responder> responder) {
          record(request);
          answer(std::move(responder));
        }) {}
  ~FaultyServer() { let_go(); }

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  /// All that was ever sent to it: paths, headers, bodies.
  [[nodiscard]] std::string seen() {
    const std::scoped_lock lock(mutex_);
    return seen_;
  }
  /// Ends the connections on which it was silent.
  void let_go() {
    const std::scoped_lock lock(mutex_);
    kept_.clear();
  }

 private:
  void record(const http::Request& request) {
    const std::scoped_lock lock(mutex_);
    seen_.append(request.path).append("\n").append(request.body).append("\n");
    for (const http::Header& header : request.headers) seen_.append(header.value).append("\n");
  }
  void answer(std::unique_ptr<http::Responder> responder) {
    std::unique_lock lock(mutex_);
    const auto draw = [this](int below) {
      return std::uniform_int_distribution<int>(0, below - 1)(random_);
    };
    const int kind = draw(12);
    const std::string cut(std::string_view(whole_).substr(
        0, static_cast<std::size_t>(draw(static_cast<int>(whole_.size())))));
    const int status = std::array{400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529}
        [static_cast<std::size_t>(draw(13))];
    if (kind == 9) {  // silence
      kept_.push_back(std::move(responder));
      return;
    }
    lock.unlock();
    const std::string elsewhere = "http://127.0.0.1:" + std::to_string(elsewhere_port_) + "/v1/";
    switch (kind) {
      case 0:
      case 1:
      case 2:
        return stream(*responder, whole_, false);
      case 3:
        return responder->send({status, {}, R"({"error":{"message":"no","code":"x"}})"});
      case 4:
        return responder->send({status, {{"retry-after", "0"}}, "<html>"});
      case 5:
        return stream(*responder, cut, false);
      case 6:
        return stream(*responder, cut, true);
      case 7:
        return responder->send(
            {std::array{301, 302, 303, 307, 308}[static_cast<std::size_t>(status % 5)],
             {{"location", elsewhere}},
             ""});
      case 8:
        return stream(*responder, cut + "data: {\"error\":{\"message\":\"gone\"}}\n\n", false);
      case 10:
        return stream(*responder, cut + "\xff\xfe garbage", false);
      default:
        return responder->abort();
    }
  }
  static void stream(http::Responder& responder, const std::string& bytes, bool cut) {
    responder.begin(200, {{"content-type", "text/event-stream"}});
    responder.write(bytes);
    cut ? responder.abort() : responder.finish();
  }

  const std::uint16_t elsewhere_port_;
  const std::string whole_;
  std::mutex mutex_;  // guards random_, kept_ and seen_
  std::string seen_;
  std::mt19937 random_{20'240'501};
  std::vector<std::unique_ptr<http::Responder>> kept_;
  http::ScriptedServer server_;
};

}  // namespace nearside::gateway
