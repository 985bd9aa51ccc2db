#include "telemetry/audit.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "base/utf8.h"
#include "trust/audit_log.h"

namespace nearside::telemetry {

namespace {

using std::chrono::minutes;

// Longer values are cut: an entry has room for a path and a sentence, not for a request.
constexpr std::size_t kValueBytesMax = 1024;

struct Entry {
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
};

Entry make_entry(std::string_view event, std::initializer_list<Audit::Field> fields) {
  Entry entry{std::string(event), {}};
  for (const auto& [name, value] : fields) {
    std::string kept(value.substr(0, kValueBytesMax));
    // A character that was cut in two goes whole.
    while (!kept.empty() && kept.size() < value.size() && !base::is_valid_utf8(kept))
      kept.pop_back();
    entry.fields.emplace_back(name, base::is_valid_utf8(kept) ? kept : "(not UTF-8)");
  }
  return entry;
}

class FileAudit final : public Audit {
 public:
  FileAudit(const AuditOptions& options, trust::AuditLog file, const base::Clock& clock,
            base::Logger& log)
      : options_(options), clock_(clock), log_(log), file_(std::move(file)) {
    remember_end();
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~FileAudit() override {
    thread_.request_stop();
    thread_.join();
  }

  void note(std::string_view event, std::initializer_list<Field> fields) override {
    {
      const std::scoped_lock lock(mutex_);
      Rate& rate = rates_[std::string(event)];
      const base::SteadyTime now = clock_.steady();
      if (now - rate.window_began >= minutes(1) || rate.in_window == 0)
        rate = {now, 0, rate.left_out};
      if (rate.in_window >= options_.per_minute_max || waiting_.size() >= options_.waiting_max) {
        ++rate.left_out;
        return;
      }
      ++rate.in_window;
      Entry entry = make_entry(event, fields);
      if (rate.left_out > 0)
        entry.fields.emplace_back("left_out_before", std::to_string(rate.left_out));
      rate.left_out = 0;
      waiting_.push_back(std::move(entry));
    }
    changed_.notify_one();
  }

  base::Status write(std::string_view event, std::initializer_list<Field> fields) override {
    return append(make_entry(event, fields));
  }

  [[nodiscard]] AuditEnd end() const override {
    const std::scoped_lock lock(mutex_);
    return end_;
  }
  [[nodiscard]] bool healthy() const override {
    const std::scoped_lock lock(mutex_);
    return healthy_;
  }

 private:
  struct Rate {
    base::SteadyTime window_began;
    std::size_t in_window = 0;
    std::uint64_t left_out = 0;
  };

  void run(const std::stop_token& stop) {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [this] { return !waiting_.empty(); });
      if (waiting_.empty()) return;
      const Entry entry = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      // Told where it happened; there is nobody to return it to.
      static_cast<void>(append(entry));
    }
  }

  base::Status append(const Entry& entry) {
    std::vector<trust::AuditField> fields;
    fields.reserve(entry.fields.size());
    for (const auto& [name, value] : entry.fields) fields.push_back({name, value});
    const std::scoped_lock file_lock(file_mutex_);
    const base::Status done = file_.append(entry.event, fields);
    if (!done)
      log_.error("audit", "the entry {} could not be written: {}", entry.event,
                 done.error().message);
    remember_end();
    const std::scoped_lock lock(mutex_);
    healthy_ = healthy_ && done.has_value();
    return done;
  }

  void remember_end() {
    const std::scoped_lock lock(mutex_);
    end_ = {file_.head().entries, file_.head().text()};
  }

  const AuditOptions options_;
  const base::Clock& clock_;
  base::Logger& log_;
  std::mutex file_mutex_;  // guards file_; taken before mutex_
  trust::AuditLog file_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable_any changed_;
  std::deque<Entry> waiting_;
  std::map<std::string, Rate> rates_;  // by event: a fixed set of names
  AuditEnd end_;
  bool healthy_ = true;
  std::jthread thread_;
};

}  // namespace

base::Result<std::unique_ptr<Audit>> Audit::open(const AuditOptions& options,
                                                 const base::Clock& clock, base::Logger& log) {
  const std::string pem = TRY(base::read_file(options.key_file, 1U << 20));
  auto key = trust::PrivateKey::from_pem(pem);
  if (!key)
    return std::move(key).error().with_context("the key of the audit log, " + options.key_file);
  trust::AuditLog file = TRY(trust::AuditLog::open(options.file, *key, clock));
  return std::unique_ptr<Audit>(std::make_unique<FileAudit>(options, std::move(file), clock, log));
}

}  // namespace nearside::telemetry
