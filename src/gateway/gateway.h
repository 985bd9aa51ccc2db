// The node's front door: which path is what, and the way of a request from admission to its
// exchange.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "gateway/dialect.h"
#include "gateway/serving.h"
#include "http/server.h"

namespace nearside::gateway {

/// Thread-safe.
class Gateway final : public http::Handler {
 public:
  /// The services must outlive the gateway and every request it has begun.
  Gateway(Services services, std::shared_ptr<const Snapshot> snapshot);
  /// Waits for the store of quotas to answer what it was asked.
  ~Gateway() override;
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  void handle(http::Request request, std::unique_ptr<http::Responder> responder) override;
  http::Response refusal(int status, std::string_view sentence, std::string_view path) override;

  void handshake_failed(std::string_view remote_address, std::string_view why) override;

  /// New requests are served by `snapshot`; those under way keep theirs.
  void replace(std::shared_ptr<const Snapshot> snapshot);
  /// /readyz says no from now on, so that balancers look elsewhere while requests finish.
  void begin_drain() { draining_ = true; }

 private:
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
  /// The paths that need no target.
  [[nodiscard]] http::Response answer_at_once(const http::Request& request);
  struct Pending;
  void handle_ask(const Dialect& dialect, const Operation& operation, http::Request request,
                  std::unique_ptr<http::Responder> responder);

  /// From here possibly on a thread of the quota store.
  void reserve(const std::shared_ptr<Pending>& pending);
  void refuse(Pending& pending, const ApiError& error, base::Code code);
  void serve(Pending& pending);
  /// From the cache; false when it has no answer that this request may get.
  bool give_again(Pending& pending, const ResponseCache::Key& key);

  const Services services_;
  std::atomic<int> reserving_{0};
  std::atomic<bool> draining_{false};
  mutable std::mutex mutex_;  // guards snapshot_
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace nearside::gateway
