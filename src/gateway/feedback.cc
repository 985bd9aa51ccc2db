#include "gateway/feedback.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/json.h"

namespace nearside::gateway {

using base::Code;
using base::fail;

namespace {
// Ids that are out of date, before it is worth looking for them.
constexpr std::size_t kOrderSlack = 1024;
}  // namespace

base::Result<std::unique_ptr<Feedback>> Feedback::open(
    const FeedbackConfig& config, std::chrono::milliseconds save_every, telemetry::Ledger& ledger,
    LearnedQuality* quality, const base::Clock& clock, base::Logger& log) {
  base::UniqueFd file(::open(config.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file.valid())
    return fail(Code::kIo, "cannot write {}: {}; check feedback.file", config.file,
                std::strerror(errno));
  return std::unique_ptr<Feedback>(
      new Feedback(config, save_every, ledger, quality, clock, log, std::move(file)));
}

Feedback::Feedback(const FeedbackConfig& config, std::chrono::milliseconds save_every,
                   telemetry::Ledger& ledger, LearnedQuality* quality, const base::Clock& clock,
                   base::Logger& log, base::UniqueFd file)
    : config_(config),
      save_every_(save_every),
      ledger_(ledger),
      quality_(quality),
      clock_(clock),
      log_(log),
      file_(std::move(file)),
      thread_([this] { run(); }) {}

Feedback::~Feedback() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Feedback::began(const std::string& decision_id, policy::Sensitivity sensitivity,
                     std::string prompt) {
  if (sensitivity > config_.sensitivity_max || prompt.empty()) return;
  const std::scoped_lock lock(mutex_);
  const auto [at, is_new] = remembered_.emplace(decision_id, Remembered{std::move(prompt), "", ""});
  if (!is_new) return;
  remembered_bytes_ += at->second.bytes();
  order_.push_back(decision_id);
  // Those that were judged, or never answered, are gone from the one and not from the other.
  if (order_.size() > 2 * remembered_.size() + kOrderSlack)
    std::erase_if(order_, [this](const std::string& id) { return !remembered_.contains(id); });
  while (remembered_bytes_ > kRememberedBytesMax) {
    if (const auto oldest = remembered_.find(order_.front()); oldest != remembered_.end()) {
      remembered_bytes_ -= oldest->second.bytes();
      remembered_.erase(oldest);
    }
    order_.pop_front();
  }
}

void Feedback::ended(const telemetry::Record& record) {
  const std::scoped_lock lock(mutex_);
  const auto found = remembered_.find(record.decision_id);
  if (found == remembered_.end()) return;
  if (record.target.empty()) {
    remembered_bytes_ -= found->second.bytes();
    remembered_.erase(found);
    return;
  }
  found->second.target = record.target;
  found->second.tenant = record.tenant;
}

base::Status Feedback::submit(Judgement judgement, OnKept on_kept) {
  return add({std::move(judgement), std::move(on_kept), std::nullopt});
}

base::Status Feedback::compared(Judgement judgement, std::string target, std::string prompt) {
  Remembered known{std::move(prompt), std::move(target), judgement.tenant};
  return add({std::move(judgement), [](const base::Status&) {}, std::move(known)});
}

base::Status Feedback::add(Entry entry) {
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() >= kWaitingMax)
      return fail(Code::kExhausted, "{} judgements wait to be kept; try again", kWaitingMax);
    waiting_.push_back(std::move(entry));
  }
  changed_.notify_one();
  return {};
}

void Feedback::run() {
  base::SteadyTime saved = clock_.steady();
  while (true) {
    std::vector<Entry> batch;
    bool stopping = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, save_every_, [this] { return stopping_ || !waiting_.empty(); });
      batch.assign(std::make_move_iterator(waiting_.begin()),
                   std::make_move_iterator(waiting_.end()));
      waiting_.clear();
      stopping = stopping_;
    }
    if (!batch.empty()) keep(std::move(batch));
    if (stopping || clock_.steady() - saved >= save_every_) {
      save();
      saved = clock_.steady();
    }
    if (stopping) return;
  }
}

void Feedback::keep(std::vector<Entry> batch) {
  struct Lesson {
    std::string prompt, target;
    double good;
  };
  std::vector<base::Status> outcomes;
  std::vector<Lesson> lessons;
  std::string lines;
  for (Entry& entry : batch) {
    const bool by_comparison = entry.known.has_value();
    auto found =
        by_comparison ? base::Result<Remembered>(*std::move(entry.known)) : find(entry.judgement);
    outcomes.push_back(found ? base::Status() : base::Status(found.error()));
    if (!found) continue;
    base::json::object line{{"time", base::format_rfc3339(clock_.wall())},
                            {"decision_id", entry.judgement.decision_id},
                            {"target", found->target},
                            {"good", entry.judgement.good},
                            {"prompt", nullptr},
                            {"tenant", entry.judgement.tenant},
                            {"key_name", entry.judgement.key_name}};
    if (by_comparison) line["by"] = "comparison";
    if (!found->prompt.empty()) line["prompt"] = found->prompt;
    lines += base::json::serialize(line) + "\n";
    if (!found->prompt.empty())
      lessons.push_back({std::move(found->prompt), found->target, entry.judgement.good});
  }
  base::Status written = append(lines);
  if (!written) log_.error("feedback", "{}", written.error().message);
  if (written && quality_ != nullptr)
    for (const Lesson& lesson : lessons)
      if (base::Status learned = quality_->learn(lesson.prompt, lesson.target, lesson.good);
          !learned)
        log_.warn("feedback", "not learned: {}", learned.error().message);
  for (std::size_t i = 0; i < batch.size(); ++i)
    batch[i].on_kept(outcomes[i] ? written : outcomes[i]);
}

base::Result<Feedback::Remembered> Feedback::find(const Judgement& judgement) {
  const auto unknown = [&] {
    return fail(Code::kNotFound, "no answer of decision '{}' is known here",
                judgement.decision_id.substr(0, 64));
  };
  {
    const std::scoped_lock lock(mutex_);
    const auto found = remembered_.find(judgement.decision_id);
    if (found != remembered_.end() && !found->second.target.empty()) {
      if (found->second.tenant != judgement.tenant) return unknown();
      remembered_bytes_ -= found->second.bytes();
      Remembered taken = std::move(found->second);
      remembered_.erase(found);
      return taken;
    }
  }
  const auto record = TRY(ledger_.find(judgement.decision_id));
  if (!record) return unknown();
  const auto text = [&](std::string_view key) -> std::string {
    const base::json::value* value = record->if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
  };
  if (text("tenant") != judgement.tenant || text("target").empty()) return unknown();
  return Remembered{"", text("target"), text("tenant")};
}

base::Status Feedback::append(std::string_view lines) {
  while (!lines.empty()) {
    const ::ssize_t written = ::write(file_.get(), lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return fail(Code::kIo, "cannot write {}: {}", config_.file, std::strerror(errno));
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fdatasync(file_.get()) != 0 && errno != EINVAL && errno != EROFS)
    return fail(Code::kIo, "cannot sync {}: {}", config_.file, std::strerror(errno));
  return {};
}

void Feedback::save() {
  if (quality_ == nullptr) return;
  if (base::Status saved = quality_->save(); !saved)
    log_.error("feedback", "what was learned is not saved: {}", saved.error().message);
}

}  // namespace nearside::gateway
