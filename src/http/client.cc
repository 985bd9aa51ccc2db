#include "http/client.h"

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "http/curl_driver.h"
#include "http/curl_transfer.h"
#include "http/plain_call.h"
#include "http/plain_driver.h"
#include "http/plain_url.h"

namespace nearside::http {
namespace {

/// A call is the driver's until it has ended, and the caller's until he drops it.
template <typename Driver, typename Call>
class Handle final : public ClientCall {
 public:
  Handle(const std::shared_ptr<Driver>& driver, std::shared_ptr<Call> call)
      : driver_(driver), call_(std::move(call)) {}
  ~Handle() override {
    if (!call_->cancel()) return;
    if (const auto driver = driver_.lock()) driver->post_remove(std::move(call_));
  }

 private:
  std::weak_ptr<Driver> driver_;  // gone with the client
  std::shared_ptr<Call> call_;
};

/// Calls to plain http servers go straight there; libcurl has those with TLS or through a proxy.
class LoopsClient final : public Client {
 public:
  explicit LoopsClient(const ClientOptions& options)
      : options_(options),
        loops_(options.loops ? options.loops : std::make_shared<Loops>(1)),
        calls_(options.calls_max) {
    static std::once_flag initialised;  // libcurl's own rule: once, before any other call
    std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_ALL); });
    for (std::size_t i = 0; i < loops_->size(); ++i) {
      curl_drivers_.push_back(std::make_shared<CurlDriver>(loops_->context(i), options_, calls_));
      plain_drivers_.push_back(std::make_shared<PlainDriver>(loops_->context(i), options_, calls_));
    }
  }

  ~LoopsClient() override {
    loops_->on_each([this](std::size_t loop) {
      curl_drivers_[loop]->close();
      plain_drivers_[loop]->close();
    });
  }

  std::unique_ptr<ClientCall> send(ClientRequest request, ClientSink sink) override {
    const std::size_t loop = loops_->here().value_or(next_++ % loops_->size());
    if (options_.proxy.empty() && !options_.proxy_from_environment)
      if (auto url = parse_plain_url(request.url)) {
        const auto& driver = plain_drivers_[loop];
        auto call =
            std::make_shared<PlainCall>(std::move(request), std::move(sink), std::move(*url));
        driver->begin(call);
        return std::make_unique<Handle<PlainDriver, PlainCall>>(driver, std::move(call));
      }
    const auto& driver = curl_drivers_[loop];
    auto transfer = std::make_shared<CurlTransfer>(std::move(request), std::move(sink), options_);
    driver->post_start(transfer);
    return std::make_unique<Handle<CurlDriver, CurlTransfer>>(driver, std::move(transfer));
  }

 private:
  const ClientOptions options_;
  const std::shared_ptr<Loops> loops_;
  CallBound calls_;
  std::atomic<std::size_t> next_{0};
  std::vector<std::shared_ptr<CurlDriver>> curl_drivers_;
  std::vector<std::shared_ptr<PlainDriver>> plain_drivers_;
};

}  // namespace

std::unique_ptr<Client> Client::create(const ClientOptions& options) {
  return std::make_unique<LoopsClient>(options);
}

}  // namespace nearside::http
