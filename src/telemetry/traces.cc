#include "telemetry/traces.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "telemetry/spans.h"

namespace nearside::telemetry {
namespace {

class OtlpTraces final : public Traces {
 public:
  OtlpTraces(TraceOptions options, http::Client& client, base::Logger& log)
      : options_(std::move(options)), client_(client), log_(log), thread_([this] { run(); }) {}

  ~OtlpTraces() override {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void finished(const Record& record) override {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() >= options_.queue_max) {
      ++lost_;
      return;
    }
    waiting_.push_back(record);
    if (waiting_.size() == options_.batch_max) changed_.notify_one();
  }
  [[nodiscard]] std::uint64_t lost_count() const override { return lost_; }

 private:
  void run() {
    for (bool last = false; !last;) {
      std::vector<Record> batch;
      {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, options_.delay,
                          [this] { return stopping_ || waiting_.size() >= options_.batch_max; });
        batch.swap(waiting_);
        last = stopping_;
      }
      if (!batch.empty()) send(batch, last);
    }
  }

  void send(const std::vector<Record>& batch, bool last) {
    base::json::array spans;
    for (const Record& record : batch)
      for (base::json::value& span : spans_of(record)) spans.emplace_back(std::move(span));
    http::ClientRequest call;
    call.method = "POST";
    call.url = options_.url + "/v1/traces";
    call.headers = {{"content-type", "application/json"}};
    call.body = export_body(std::move(spans), options_.node_name);
    if (last) call.timeouts.total = std::chrono::seconds(1);
    call.timeouts.first_byte = call.timeouts.connect = std::chrono::seconds(1);
    auto outcome = std::make_shared<std::promise<bool>>();
    std::future<bool> taken = outcome->get_future();
    auto status = std::make_shared<int>(0);
    const auto sent = client_.send(
        std::move(call),
        {.on_head = [status](int code, const http::Headers&) { *status = code; },
         .on_body = {},
         .on_end =
             [status, outcome](const base::Status& ended) {
               outcome->set_value(ended.has_value() && *status >= 200 && *status < 300);
             }});
    const bool ok = taken.get();
    if (!ok) lost_ += batch.size();
    if (ok && !was_ok_) log_.info("traces", "the collector takes traces again");
    if (!ok && was_ok_) log_.warn("traces", "the collector does not take traces; they are dropped");
    was_ok_ = ok;
  }

  const TraceOptions options_;
  http::Client& client_;
  base::Logger& log_;
  std::atomic<std::uint64_t> lost_{0};
  std::mutex mutex_;  // guards the two below
  std::vector<Record> waiting_;
  bool stopping_ = false;
  std::condition_variable changed_;
  bool was_ok_ = true;  // of the thread
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Traces> Traces::open(TraceOptions options, http::Client& client,
                                     base::Logger& log) {
  while (options.url.ends_with('/')) options.url.pop_back();
  return std::make_unique<OtlpTraces>(std::move(options), client, log);
}

}  // namespace nearside::telemetry
