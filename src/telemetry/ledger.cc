// The ledger's writer: rows go to the journal at once and to the table many together, with patience
// where that is locked or the disk is full.
#include "telemetry/ledger.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <iterator>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "base/unique_fd.h"
#include "store/sqlite.h"
#include "telemetry/ledger_row.h"
#include "telemetry/ledger_table.h"
#include "telemetry/row_journal.h"

namespace nearside::telemetry {

namespace {

using std::chrono::steady_clock;

/// Rows of one transaction: few enough (about 10 us each) that a reply which waits for the disk
/// does not wait long for them.
constexpr std::size_t kRowsMax = 256;
constexpr std::chrono::milliseconds kRetryDelay{20};
constexpr std::chrono::seconds kSyncInterval{1};
/// The part of the journal that is kept free for the ends of requests that have begun.
constexpr std::size_t kShareForEnds = 16;
/// Rows that the table has not taken yet, above which replies wait for it to follow: a node that is
/// asked more than its disk can keep becomes slower, and neither larger nor deaf.
constexpr std::size_t kBehindBytesMax = 1U << 20;

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

/// Whoever has it gives it back within microseconds, and to sleep for that costs more than to ask
/// again.
std::unique_lock<std::mutex> lock_soon(std::mutex& mutex) {
  constexpr int kTries = 200;
  for (int i = 0; i < kTries; ++i)
    if (mutex.try_lock()) return {mutex, std::adopt_lock};
  return std::unique_lock(mutex);
}

/// The first version of what sched_setattr(2) takes; glibc 2.36 has no name for it.
struct SchedulerWish {
  std::uint32_t size = sizeof(SchedulerWish);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0, deadline_ns = 0, period_ns = 0;
};

/// For a thread that nobody waits for: whoever wakes up goes before it. A long slice says so to
/// Linux 6.12 and later (a late deadline); an older one hears it of the niceness alone. Where all
/// want the processor it still gets a third of a share.
void let_others_go_first() {
  SchedulerWish wish;
  wish.nice = 5;
  wish.runtime_ns = 100'000'000;  // the longest there is
  // A service's filter of system calls may know niceness only.
  if (::syscall(SYS_sched_setattr, 0, &wish, 0) != 0) ::setpriority(PRIO_PROCESS, 0, wish.nice);
}

/// Valid until the thread asks again.
const std::string& row_of(const Record& record) {
  thread_local std::string row;
  row.clear();
  append_row(record, row);
  return row;
}

class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(const LedgerOptions& options, base::Logger& logger, base::UniqueFd lock,
               RowJournal journal, store::Database writing, store::Database reading,
               RecordWriter writer, std::uint64_t interrupted_count)
      : options_(options),
        logger_(logger),
        lock_(std::move(lock)),
        interrupted_count_(interrupted_count),
        writing_(std::move(writing)),
        writer_(std::move(writer)),
        synced_(steady_clock::now()),
        wrote_(steady_clock::now()),
        reading_(std::move(reading)),
        journal_(std::move(journal)),
        written_(journal_.next_number()),
        thread_([this] { run(); }) {}

  ~SqliteLedger() override {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  base::Status begin(const Record& record) override {
    CHECK(record.outcome == Outcome::kOpen);
    std::string row;
    append_row(record, row);
    bool wake = false;
    {
      const auto lock = lock_soon(mutex_);
      opened_bytes_ += row.size();
      if (!journal_.has_room(opened_bytes_ + options_.journal_bytes / kShareForEnds)) {
        opened_bytes_ -= row.size();
        return base::fail(base::Code::kExhausted,
                          "the ledger cannot be written and its journal is full");
      }
      opened_.insert_or_assign(record.decision_id, Opened{std::move(row), steady_clock::now()});
      wake = asleep_;
    }
    if (wake) changed_.notify_one();
    return {};
  }

  base::Status finish(const Record& record, OnDurable on_durable) override {
    CHECK(record.outcome != Outcome::kOpen);
    const std::string& row = row_of(record);
    bool waits = true;
    bool wake = true;
    {
      const auto lock = lock_soon(mutex_);
      TRY(keep(row));
      // A request that is soon over is written once.
      if (const auto opened = opened_.extract(record.decision_id); !opened.empty())
        opened_bytes_ -= opened.mapped().row.size();
      unsynced_ = true;
      const bool behind = healthy_ && pending_.size() > kBehindBytesMax;
      waits = behind || options_.sync == LedgerSync::kEachReply;
      if (waits) (behind ? held_back_ : waiting_).push_back(std::move(on_durable));
      wake = (waits && !behind) || asleep_;
    }
    if (wake) changed_.notify_one();
    if (!waits) on_durable({});
    return {};
  }

  base::Result<std::optional<base::json::object>> find(const std::string& decision_id) override {
    {
      std::unique_lock lock(mutex_);
      if (base::Status kept = keep_opened(steady_clock::now()); !kept) return kept.error();
      const std::uint64_t end = journal_.next_number();
      hurried_ = true;
      changed_.notify_one();
      written_changed_.wait(lock, [&] { return written_ >= end || !healthy_ || stopping_; });
    }
    const std::scoped_lock lock(reading_mutex_);
    return find_record(reading_, decision_id);
  }

  bool healthy() const override { return healthy_.load(std::memory_order_relaxed); }
  std::uint64_t lost_count() const override { return lost_count_.load(std::memory_order_relaxed); }
  std::uint64_t interrupted_count() const override { return interrupted_count_; }

 private:
  /// Rows that are on their way from the journal into the table.
  struct Batch {
    std::string framed_rows;
    std::size_t done_bytes = 0;
    [[nodiscard]] std::string_view rest() const {
      return std::string_view(framed_rows).substr(done_bytes);
    }
  };

  /// The row of a request that has begun.
  struct Opened {
    std::string row;
    steady_clock::time_point since;
  };

  /// Puts a row into the journal, on its way to the table. With mutex_ held. Errors: those of
  /// RowJournal::append.
  base::Status keep(std::string_view row) {
    const std::size_t before = pending_.size();
    journal_.add_row(row, pending_);
    base::Status kept = journal_.append(std::string_view(pending_).substr(before));
    if (!kept) pending_.resize(before);
    return kept;
  }

  /// Those of requests that have begun by then. With mutex_ held. Errors: as above; those that are
  /// not kept stay.
  base::Status keep_opened(steady_clock::time_point begun_by) {
    for (auto opened = opened_.begin(); opened != opened_.end();) {
      if (opened->second.since > begun_by) {
        ++opened;
        continue;
      }
      TRY(keep(opened->second.row));
      opened_bytes_ -= opened->second.row.size();
      opened = opened_.erase(opened);
    }
    return {};
  }

  void run() {
    if (options_.sync == LedgerSync::kEachSecond) let_others_go_first();
    std::unique_lock lock(mutex_);
    while (true) {
      wait_for_work(lock);
      if (!waiting_.empty() || sync_is_due()) sync(lock);
      if (stopping_ || hurried_ || steady_clock::now() >= next_write()) write(lock);
      if (!stopping_ || !waiting_.empty()) continue;
      if (batch_.rest().empty() && !waits_for_table()) return close(lock);
      if (healthy_) continue;
      logger_.error("ledger", "the last records could not be written; they wait in the journal");
      return;
    }
  }

  [[nodiscard]] bool waits_for_table() const { return !pending_.empty() || !opened_.empty(); }

  /// When rows that wait are due for the table.
  [[nodiscard]] steady_clock::time_point next_write() const {
    if (!healthy_) return wrote_ + kRetryDelay;
    return batch_.rest().empty() ? wrote_ + options_.write_delay : wrote_;
  }

  /// Returns when there is something to do, or may be.
  void wait_for_work(std::unique_lock<std::mutex>& lock) {
    const auto wanted = [this] { return stopping_ || !waiting_.empty() || hurried_; };
    if (wanted()) return;
    const auto woken = [&] { return wanted() || waits_for_table(); };
    if (!batch_.rest().empty() || waits_for_table()) {
      changed_.wait_until(lock, next_write(), wanted);
      return;
    }
    // An idle writer looks again by itself before it has to be woken: between requests that follow
    // each other closely nobody wakes it.
    if (changed_.wait_for(lock, options_.write_delay, woken)) return;
    asleep_ = true;
    if (unsynced_)
      changed_.wait_until(lock, synced_ + kSyncInterval, woken);
    else
      changed_.wait(lock, woken);
    asleep_ = false;
    wrote_ = steady_clock::now();  // what has come waits for others from now on
  }

  /// Tells those who wait that their records are safe, after the disk has said so if it is its
  /// turn.
  void sync(std::unique_lock<std::mutex>& lock) {
    std::vector<OnDurable> waiting = std::exchange(waiting_, {});
    const bool wanted = options_.sync == LedgerSync::kEachReply || sync_is_due();
    if (wanted) unsynced_ = false;
    lock.unlock();
    const base::Status status = wanted ? sync_files() : base::Status();
    if (!status) logger_.error("ledger", "{}", status.error().message);
    for (const OnDurable& on_durable : waiting) on_durable(status);
    lock.lock();
    if (wanted) synced_ = steady_clock::now();
  }

  /// What replies wait for is in the journal. Where none does, rows are written over there as soon
  /// as the table has them, so it is the table that is synced; while it takes none, they are still
  /// in the journal.
  base::Status sync_files() {
    if (options_.sync == LedgerSync::kEachReply || !healthy_) return journal_.sync();
    return sync_table();
  }

  base::Status sync_table() {
    syncs_ = true;
    return sync_ledger(writing_);
  }

  [[nodiscard]] bool sync_is_due() const {
    return unsynced_ && steady_clock::now() >= synced_ + kSyncInterval;
  }

  /// Puts rows into the table: all that wait, unless a reply has come to wait for the disk
  /// meanwhile.
  void write(std::unique_lock<std::mutex>& lock) {
    if (batch_.rest().empty()) {
      const auto now = steady_clock::now();
      const auto before = stopping_ || hurried_ ? now : now - options_.write_delay;
      if (base::Status kept = keep_opened(before); !kept) return failed(kept);
      batch_.framed_rows.swap(pending_);
      batch_.done_bytes = 0;
      pending_.clear();
      let_go();
    }
    // What comes meanwhile waits for others: else ever smaller batches would follow each other.
    while (!batch_.rest().empty()) {
      if (base::Status status = write_some(lock); !status) return failed(status);
      if (!waiting_.empty()) break;
    }
    if (!healthy_.exchange(true)) logger_.info("ledger", "writing again");
    wrote_ = steady_clock::now();
    if (batch_.rest().empty() && pending_.empty()) {
      hurried_ = false;
      written_ = journal_.next_number();
    }
    written_changed_.notify_all();
  }

  /// Who was held back waits no longer than all others.
  void let_go() {
    std::move(held_back_.begin(), held_back_.end(), std::back_inserter(waiting_));
    held_back_.clear();
  }

  void failed(const base::Status& status) {
    let_go();
    if (healthy_.exchange(false))
      logger_.error("ledger", "cannot write, trying on: {}", status.error().message);
    wrote_ = steady_clock::now();
    hurried_ = false;
    written_changed_.notify_all();
  }

  /// One transaction of the batch's first rows.
  base::Status write_some(std::unique_lock<std::mutex>& lock) {
    std::vector<RowJournal::Row> rows;
    std::string_view rest = batch_.rest();
    while (!rest.empty() && rows.size() < kRowsMax) rows.push_back(RowJournal::take_row(rest));
    const std::uint64_t next = rows.back().number + 1;
    // Where no record may be lost with the power, the journal's are written over only when the
    // table's are safe from that.
    const bool synced =
        stopping_ || (options_.sync == LedgerSync::kEachReply && journal_.would_free(next));
    lock.unlock();
    base::Status status = write_rows(rows, synced);
    lock.lock();
    if (!status) return status;
    batch_.done_bytes = batch_.framed_rows.size() - rest.size();
    written_ = next;
    return journal_.release(next);
  }

  base::Status write_rows(const std::vector<RowJournal::Row>& rows, bool synced) {
    std::unordered_set<std::string_view> ended;
    for (const RowJournal::Row& row : rows)
      if (const RowKey key = key_of(row.bytes); !key.open) ended.insert(key.decision_id);
    if (synced != syncs_) {
      TRY(writing_.execute(synced ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
      syncs_ = synced;
    }
    store::Transaction transaction = TRY(store::Transaction::begin(writing_));
    for (const RowJournal::Row& row : rows) {
      const RowKey key = key_of(row.bytes);
      if (key.open && ended.contains(key.decision_id)) continue;
      const base::Status status = writer_.write(row.bytes);
      if (status) continue;
      if (status.error().code != base::Code::kInvalidArgument) return status;
      // It would be refused for ever, and hold up all others.
      ++lost_count_;
      logger_.error("ledger", "the record {} is lost: {}", key.decision_id, status.error().message);
    }
    return transaction.commit();
  }

  /// All rows are in the table: nothing has to be found in the journal again.
  void close(std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    base::Status status = sync_table();
    if (status) status = journal_.remove();
    if (!status) logger_.warn("ledger", "{}", status.error().message);
  }

  const LedgerOptions options_;
  base::Logger& logger_;
  const base::UniqueFd lock_;
  const std::uint64_t interrupted_count_;
  std::atomic<bool> healthy_{true};
  std::atomic<std::uint64_t> lost_count_{0};

  // The writer thread's.
  store::Database writing_;
  RecordWriter writer_;
  std::optional<bool> syncs_;  // as the connection was last told
  steady_clock::time_point synced_;
  steady_clock::time_point wrote_;
  Batch batch_;

  // After the writing one, so that it is gone before that: the last connection tidies up the log.
  std::mutex reading_mutex_;  // guards reading_
  store::Database reading_;

  std::mutex mutex_;  // guards all below but thread_
  std::condition_variable changed_;
  std::condition_variable written_changed_;
  RowJournal journal_;
  std::unordered_map<std::string, Opened> opened_;  // by decision; not in the journal yet
  std::size_t opened_bytes_ = 0;
  std::string pending_;               // framed rows that are not in batch_ or the table
  std::vector<OnDurable> waiting_;    // for the journal to be synced
  std::vector<OnDurable> held_back_;  // until the table has followed
  std::uint64_t written_;             // rows before this number are in the table
  bool unsynced_ = false;             // there are rows that a loss of power would take
  bool hurried_ = false;              // somebody waits for all rows to be in the table
  bool asleep_ = false;               // the writer looks again only when it is woken
  bool stopping_ = false;
  std::thread thread_;
};

/// Puts what a killed node left in the journal into the table.
base::Result<std::size_t> replay(const RowJournal& journal, store::Database& database,
                                 RecordWriter& writer, base::Logger& logger) {
  std::size_t count = 0;
  TRY(database.execute("PRAGMA synchronous=FULL"));
  store::Transaction transaction = TRY(store::Transaction::begin(database));
  TRY(journal.replay([&](std::string_view row) {
    ++count;
    base::Status status = writer.write(row);
    if (status || status.error().code != base::Code::kInvalidArgument) return status;
    logger.error("ledger", "the record {} is lost: {}", key_of(row).decision_id,
                 status.error().message);
    return base::Status();
  }));
  TRY(transaction.commit());
  return count;
}

}  // namespace

base::Result<std::unique_ptr<Ledger>> Ledger::open(const std::string& path,
                                                   const LedgerOptions& options,
                                                   base::Logger& logger) {
  base::UniqueFd lock = TRY(lock_file(path));
  store::Database writing = TRY(store::Database::open(path));
  TRY(prepare_ledger(writing, path));
  RecordWriter writer = TRY(RecordWriter::create(writing));
  RowJournal journal = TRY(RowJournal::open(path + ".pending", options.journal_bytes / 2));
  if (const std::size_t found = TRY(replay(journal, writing, writer, logger)); found > 0)
    logger.info("ledger", "{} records were on their way when this node last stopped", found);
  const std::int64_t interrupted = TRY(interrupt_open_records(writing));
  TRY(journal.clear());
  if (options.file_bytes_max > 0) {
    const std::int64_t page_bytes = TRY(writing.integer("PRAGMA page_size"));
    const auto pages = static_cast<std::int64_t>(options.file_bytes_max) / page_bytes;
    TRY(writing.execute(fmt::format("PRAGMA max_page_count={}", pages)));
  }
  if (interrupted > 0)
    logger.warn("ledger",
                "{} requests were under way when this node last stopped; marked interrupted",
                interrupted);
  store::OpenOptions read_only;
  read_only.read_only = true;
  store::Database reading = TRY(store::Database::open(path, read_only));
  return std::unique_ptr<Ledger>(std::make_unique<SqliteLedger>(
      options, logger, std::move(lock), std::move(journal), std::move(writing), std::move(reading),
      std::move(writer), static_cast<std::uint64_t>(interrupted)));
}

}  // namespace nearside::telemetry
