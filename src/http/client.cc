#include "http/client.h"

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "http/curl_driver.h"
#include "http/curl_transfer.h"

namespace nearside::http {
namespace {

class CurlClient final : public Client {
 public:
  explicit CurlClient(const ClientOptions& options)
      : options_(options), loops_(options.loops ? options.loops : std::make_shared<Loops>(1)) {
    static std::once_flag initialised;  // libcurl's own rule: once, before any other call
    std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_ALL); });
    for (std::size_t i = 0; i < loops_->size(); ++i)
      drivers_.push_back(std::make_shared<CurlDriver>(loops_->context(i), options_, calls_));
  }

  ~CurlClient() override {
    loops_->on_each([this](std::size_t loop) { drivers_[loop]->close(); });
  }

  std::unique_ptr<ClientCall> send(ClientRequest request, ClientSink sink) override {
    auto transfer = std::make_shared<CurlTransfer>(std::move(request), std::move(sink), options_);
    const std::size_t loop = loops_->here().value_or(next_++ % loops_->size());
    drivers_[loop]->post_start(transfer);
    return std::make_unique<Handle>(drivers_[loop], std::move(transfer));
  }

 private:
  class Handle final : public ClientCall {
   public:
    Handle(std::weak_ptr<CurlDriver> driver, std::shared_ptr<CurlTransfer> transfer)
        : driver_(std::move(driver)), transfer_(std::move(transfer)) {}
    ~Handle() override {
      if (!transfer_->cancel()) return;
      if (const auto driver = driver_.lock()) driver->post_remove(std::move(transfer_));
    }

   private:
    std::weak_ptr<CurlDriver> driver_;  // gone with the client
    std::shared_ptr<CurlTransfer> transfer_;
  };

  const ClientOptions options_;
  const std::shared_ptr<Loops> loops_;
  std::atomic<std::size_t> calls_{0};
  std::atomic<std::size_t> next_{0};
  std::vector<std::shared_ptr<CurlDriver>> drivers_;
};

}  // namespace

std::unique_ptr<Client> Client::create(const ClientOptions& options) {
  return std::make_unique<CurlClient>(options);
}

}  // namespace nearside::http
