// The ledger's writer: a queue, a thread, group commit, patience with a disk that is full.
#include "telemetry/ledger.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>

#include "base/unique_fd.h"
#include "store/sqlite.h"
#include "telemetry/ledger_table.h"

namespace nearside::telemetry {

namespace {

/// Records of one transaction: enough to share an fsync among all that wait, few enough that the
/// first of them does not wait long for the last (about 10 us each).
constexpr std::size_t kBatchMax = 512;
constexpr std::chrono::milliseconds kRetryDelay{20};

struct Entry {
  Record record;
  OnDurable on_durable;
  std::chrono::steady_clock::time_point queued{};

  [[nodiscard]] bool open() const { return record.outcome == Outcome::kOpen; }
};

/// One writer a file: a second node would mark the first one's running requests as interrupted.
base::Result<base::UniqueFd> lock_file(const std::string& path) {
  const std::string name = path + ".lock";
  base::UniqueFd fd(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid())
    return base::fail(base::Code::kIo, "cannot create {}: {}; check ledger.file", name,
                      std::strerror(errno));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return base::fail(
        base::Code::kUnavailable,
        "the ledger {} is in use by another nearside; name another file under ledger.file", path);
  return fd;
}

class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(const LedgerOptions& options, base::Logger& logger, base::UniqueFd lock,
               store::Database writing, store::Database reading, RecordWriter writer,
               std::uint64_t interrupted_count)
      : options_(options),
        logger_(logger),
        lock_(std::move(lock)),
        writing_(std::move(writing)),
        writer_(std::move(writer)),
        interrupted_count_(interrupted_count),
        reading_(std::move(reading)),
        thread_([this] { run(); }) {}

  ~SqliteLedger() override {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  base::Status begin(Record record) override {
    record.outcome = Outcome::kOpen;
    return push({.record = std::move(record), .on_durable = nullptr});
  }

  base::Status finish(Record record, OnDurable on_durable) override {
    CHECK(record.outcome != Outcome::kOpen);
    return push({.record = std::move(record), .on_durable = std::move(on_durable)});
  }

  base::Result<std::optional<base::json::object>> find(const std::string& decision_id) override {
    const std::scoped_lock lock(reading_mutex_);
    return find_record(reading_, decision_id);
  }

  bool healthy() const override { return healthy_.load(std::memory_order_relaxed); }
  std::uint64_t lost_count() const override { return lost_count_.load(std::memory_order_relaxed); }
  std::uint64_t interrupted_count() const override { return interrupted_count_; }

 private:
  base::Status push(Entry entry) {
    const bool open = entry.open();
    entry.queued = std::chrono::steady_clock::now();
    bool wake = false;
    {
      const std::scoped_lock lock(mutex_);
      if (queue_.size() >= options_.queue_max)
        return base::fail(base::Code::kExhausted, "the ledger's queue of {} records is full",
                          options_.queue_max);
      queue_.push_back(std::move(entry));
      if (!open) ++ended_count_;
      // A writer that will look by itself before an open record is due is not woken for it.
      wake = !open || asleep_ || queue_.size() >= kBatchMax;
    }
    if (wake) changed_.notify_one();
    return {};
  }

  void run() {
    while (true) {
      std::vector<Entry> batch = next_batch();
      if (batch.empty()) return;
      settle(batch, write_patiently(batch));
    }
  }

  /// Waits until a request has ended, an open record is due or there are enough for a transaction;
  /// empty when stopping and everything is written.
  std::vector<Entry> next_batch() {
    std::unique_lock lock(mutex_);
    const auto ready = [this] {
      return stopping_ || ended_count_ > 0 || queue_.size() >= kBatchMax;
    };
    // Longer than an open record may wait: between requests that follow each other closely the
    // writer wakes once for each, at its end.
    const auto look_until = std::chrono::steady_clock::now() + options_.open_delay;
    if (queue_.empty() && !changed_.wait_until(lock, look_until, ready) && queue_.empty()) {
      asleep_ = true;
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      asleep_ = false;
    }
    if (!queue_.empty())
      changed_.wait_until(lock, queue_.front().queued + options_.open_delay, ready);
    const std::size_t count = std::min(queue_.size(), kBatchMax);
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<Entry> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    for (const Entry& entry : batch)
      if (!entry.open()) --ended_count_;
    return batch;
  }

  base::Status write(const std::vector<Entry>& batch) {
    std::unordered_set<std::string_view> ended;
    for (const Entry& entry : batch)
      if (!entry.open()) ended.insert(entry.record.decision_id);
    // FULL syncs the log at commit. A batch of open records alone is not worth an fsync: it
    // survives the death of the process, and the next FULL commit syncs it along.
    const bool durable = !ended.empty();
    if (durable != syncs_) {
      TRY(writing_.execute(durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
      syncs_ = durable;
    }
    store::Transaction transaction = TRY(store::Transaction::begin(writing_));
    for (const Entry& entry : batch)
      if (!entry.open() || !ended.contains(entry.record.decision_id))
        TRY(writer_.write(entry.record));
    return transaction.commit();
  }

  /// Retries while the file is locked or the disk full. Meanwhile the queue fills and then refuses:
  /// that is what keeps a node with a full disk from serving requests it cannot account for.
  base::Status write_patiently(const std::vector<Entry>& batch) {
    const auto give_up = std::chrono::steady_clock::now() + options_.retry_for;
    while (true) {
      base::Status status = write(batch);
      if (status) {
        if (!healthy_.exchange(true)) logger_.info("ledger", "writing again");
        return status;
      }
      if (healthy_.exchange(false))
        logger_.error("ledger", "cannot write, trying on: {}", status.error().message);
      std::unique_lock lock(mutex_);
      if (stopping_ || std::chrono::steady_clock::now() >= give_up) return status;
      changed_.wait_for(lock, kRetryDelay, [this] { return stopping_; });
    }
  }

  void settle(std::vector<Entry>& batch, const base::Status& status) {
    if (!status) {
      lost_count_.fetch_add(batch.size(), std::memory_order_relaxed);
      logger_.error("ledger", "{} records given up: {}", batch.size(), status.error().message);
    }
    for (Entry& entry : batch)
      if (entry.on_durable) entry.on_durable(status);
  }

  const LedgerOptions options_;
  base::Logger& logger_;
  const base::UniqueFd lock_;
  store::Database writing_;  // the writer thread's, as the next two
  RecordWriter writer_;
  std::optional<bool> syncs_;  // as the connection was last told
  const std::uint64_t interrupted_count_;
  std::atomic<bool> healthy_{true};
  std::atomic<std::uint64_t> lost_count_{0};

  std::mutex reading_mutex_;  // guards reading_
  store::Database reading_;

  std::mutex mutex_;  // guards all below but thread_
  std::condition_variable changed_;
  std::deque<Entry> queue_;
  std::size_t ended_count_ = 0;  // in queue_, of requests that are over
  bool asleep_ = false;          // the writer looks again only when it is woken
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

base::Result<std::unique_ptr<Ledger>> Ledger::open(const std::string& path,
                                                   const LedgerOptions& options,
                                                   base::Logger& logger) {
  base::UniqueFd lock = TRY(lock_file(path));
  store::Database writing = TRY(store::Database::open(path));
  TRY(prepare_ledger(writing, path));
  const std::int64_t interrupted = TRY(interrupt_open_records(writing));
  if (options.file_bytes_max > 0) {
    const std::int64_t page_bytes = TRY(writing.integer("PRAGMA page_size"));
    const auto pages = static_cast<std::int64_t>(options.file_bytes_max) / page_bytes;
    TRY(writing.execute(fmt::format("PRAGMA max_page_count={}", pages)));
  }
  if (interrupted > 0)
    logger.warn("ledger",
                "{} requests were under way when this node last stopped; marked interrupted",
                interrupted);
  RecordWriter writer = TRY(RecordWriter::create(writing));
  store::OpenOptions read_only;
  read_only.read_only = true;
  store::Database reading = TRY(store::Database::open(path, read_only));
  return std::unique_ptr<Ledger>(std::make_unique<SqliteLedger>(
      options, logger, std::move(lock), std::move(writing), std::move(reading), std::move(writer),
      static_cast<std::uint64_t>(interrupted)));
}

}  // namespace nearside::telemetry
