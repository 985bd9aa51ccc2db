#include "http/client.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "base/check.h"
#include "http/curl_transfer.h"

namespace nearside::http {
namespace {

// How long the thread sleeps at most when no transfer has a deadline sooner.
constexpr int kPollMsMax = 1'000;

class CurlClient final : public Client {
 public:
  explicit CurlClient(const ClientOptions& options) : options_(options) {
    static std::once_flag initialised;  // libcurl's own rule: once, before any other call
    std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_ALL); });
    multi_ = curl_multi_init();
    CHECK(multi_ != nullptr);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS,
                      static_cast<long>(options_.idle_connections_max));
    thread_ = std::thread([this] { run(); });
  }

  ~CurlClient() override {
    stopping_ = true;
    curl_multi_wakeup(multi_);
    thread_.join();
    for (auto& [handle, transfer] : running_) curl_multi_remove_handle(multi_, handle);
    running_.clear();
    curl_multi_cleanup(multi_);
  }

  std::unique_ptr<ClientCall> send(ClientRequest request, ClientSink sink) override {
    auto transfer = std::make_shared<CurlTransfer>(std::move(request), std::move(sink), options_);
    {
      const std::scoped_lock lock(inbox_mutex_);
      added_.push_back(transfer);
    }
    curl_multi_wakeup(multi_);
    return std::make_unique<Handle>(*this, std::move(transfer));
  }

 private:
  class Handle final : public ClientCall {
   public:
    Handle(CurlClient& client, std::shared_ptr<CurlTransfer> transfer)
        : client_(client), transfer_(std::move(transfer)) {}
    ~Handle() override {
      if (transfer_->cancel()) client_.forget(std::move(transfer_));
    }

   private:
    CurlClient& client_;
    std::shared_ptr<CurlTransfer> transfer_;
  };

  void forget(std::shared_ptr<CurlTransfer> transfer) {
    {
      const std::scoped_lock lock(inbox_mutex_);
      cancelled_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_);
  }

  void run() {
    while (!stopping_) {
      take_inbox();
      int running = 0;
      curl_multi_perform(multi_, &running);
      take_outcomes();
      const int wait_ms = enforce_deadlines();
      curl_multi_poll(multi_, nullptr, 0, wait_ms, nullptr);
    }
  }

  void take_inbox() {
    std::vector<std::shared_ptr<CurlTransfer>> added;
    std::vector<std::shared_ptr<CurlTransfer>> cancelled;
    {
      const std::scoped_lock lock(inbox_mutex_);
      added.swap(added_);
      cancelled.swap(cancelled_);
    }
    for (auto& transfer : added) start(std::move(transfer));
    for (const auto& transfer : cancelled) remove(transfer->handle());
  }

  void start(std::shared_ptr<CurlTransfer> transfer) {
    if (running_.size() >= options_.calls_max) {
      transfer->end(base::fail(base::Code::kExhausted, "{} calls to other servers are under way",
                               running_.size()));
      return;
    }
    if (base::Status prepared = transfer->prepare(); !prepared) {
      transfer->end(std::move(prepared));
      return;
    }
    CURL* handle = transfer->handle();
    CHECK(curl_multi_add_handle(multi_, handle) == CURLM_OK);
    next_deadline_ = std::min(next_deadline_, transfer->deadline());
    running_.emplace(handle, std::move(transfer));
  }

  void take_outcomes() {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode outcome = message->data.result;
      const auto transfer = running_.at(message->easy_handle);
      remove(message->easy_handle);
      transfer->end(transfer->describe(outcome));
    }
  }

  /// Ends what is late; the time until the next deadline.
  int enforce_deadlines() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_deadline_) return wait_until(next_deadline_, now);
    next_deadline_ = now + std::chrono::milliseconds(kPollMsMax);
    std::vector<std::shared_ptr<CurlTransfer>> late;
    for (const auto& [handle, transfer] : running_) {
      const auto deadline = transfer->deadline();
      if (deadline <= now)
        late.push_back(transfer);
      else
        next_deadline_ = std::min(next_deadline_, deadline);
    }
    for (const auto& transfer : late) {
      remove(transfer->handle());
      transfer->end(transfer->late());
    }
    return wait_until(next_deadline_, now);
  }

  static int wait_until(std::chrono::steady_clock::time_point then,
                        std::chrono::steady_clock::time_point now) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(then - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(wait, 0, kPollMsMax));
  }

  void remove(CURL* handle) {
    const auto found = running_.find(handle);
    if (found == running_.end()) return;
    curl_multi_remove_handle(multi_, handle);
    running_.erase(found);
  }

  const ClientOptions options_;
  CURLM* multi_ = nullptr;
  std::atomic<bool> stopping_{false};
  std::mutex inbox_mutex_;  // guards the two below
  std::vector<std::shared_ptr<CurlTransfer>> added_;
  std::vector<std::shared_ptr<CurlTransfer>> cancelled_;
  // The rest belongs to the thread.
  std::unordered_map<CURL*, std::shared_ptr<CurlTransfer>> running_;
  std::chrono::steady_clock::time_point next_deadline_{};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Client> Client::create(const ClientOptions& options) {
  return std::make_unique<CurlClient>(options);
}

}  // namespace nearside::http
