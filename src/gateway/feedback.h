// What people say about answers: kept on disk, and learned from at once.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "gateway/config.h"
#include "gateway/learned_quality.h"
#include "policy/sensitivity.h"
#include "telemetry/ledger.h"

namespace nearside::gateway {

/// How good an answer was, by somebody who may say so about this tenant's requests.
struct Judgement {
  std::string decision_id;
  double good = 0;  // 0 to 1
  std::string tenant, key_name;
};

/// One JSON line for each judgement, appended and synced before the caller hears that it is kept:
/// {"time", "decision_id", "target", "good", "prompt", "tenant", "key_name"}, and {"by":
/// "comparison"} where no person said it. `prompt` is null when
/// the request's label is above config.sensitivity_max, when the node no longer knows its text
/// (kRememberedBytesMax, a restart) or when it was judged before: such judgements are kept, not
/// learned. `nearside route train` reads the file as it is.
///
/// The prompts of recent requests are remembered in memory until somebody judges them. Thread-safe;
/// files are written by one thread of its own, which also saves the quality model.
class Feedback {
 public:
  /// `quality` may be null. All must outlive it. Errors: kIo (the file).
  static base::Result<std::unique_ptr<Feedback>> open(const FeedbackConfig& config,
                                                      std::chrono::milliseconds save_every,
                                                      telemetry::Ledger& ledger,
                                                      LearnedQuality* quality,
                                                      const base::Clock& clock, base::Logger& log);
  /// Writes what waits, and the quality model.
  ~Feedback();
  Feedback(const Feedback&) = delete;
  Feedback& operator=(const Feedback&) = delete;

  /// A request was decided; its prompt is remembered if its label permits.
  void began(const std::string& decision_id, policy::Sensitivity sensitivity, std::string prompt);
  /// It has ended; without an answer its prompt is forgotten.
  void ended(const telemetry::Record& record);

  /// Called once, from the writer's thread. Errors: kNotFound (no such decision of this tenant, or
  /// no target answered it), kIo.
  using OnKept = std::function<void(const base::Status&)>;
  /// Errors: kExhausted (kWaitingMax judgements wait); then `on_kept` is not called.
  base::Status submit(Judgement judgement, OnKept on_kept);

  /// What a comparison of two answers says of one of them (comparisons.h). Errors: kExhausted.
  base::Status compared(Judgement judgement, std::string target, std::string prompt);

  static constexpr std::size_t kWaitingMax = 1024;
  /// About two thousand prompts of the longest kind, a hundred thousand short ones.
  static constexpr std::size_t kRememberedBytesMax = std::size_t{8} << 20;

 private:
  struct Remembered {
    std::string prompt, target, tenant;
    [[nodiscard]] std::size_t bytes() const { return prompt.size() + kBytesBeside; }
    static constexpr std::size_t kBytesBeside = 256;  // ids, names, the tables themselves
  };
  struct Entry {
    Judgement judgement;
    OnKept on_kept;
    std::optional<Remembered> known;  // what the judgement is about, if that need not be found
  };

  Feedback(const FeedbackConfig& config, std::chrono::milliseconds save_every,
           telemetry::Ledger& ledger, LearnedQuality* quality, const base::Clock& clock,
           base::Logger& log, base::UniqueFd file);
  base::Status add(Entry entry);
  void run();
  void keep(std::vector<Entry> batch);
  /// What is known of the judged request. Takes it out of memory.
  base::Result<Remembered> find(const Judgement& judgement);
  base::Status append(std::string_view lines);
  void save();

  const FeedbackConfig config_;
  const std::chrono::milliseconds save_every_;
  telemetry::Ledger& ledger_;
  LearnedQuality* const quality_;
  const base::Clock& clock_;
  base::Logger& log_;
  const base::UniqueFd file_;

  std::mutex mutex_;  // guards all below but thread_
  std::condition_variable changed_;
  std::unordered_map<std::string, Remembered> remembered_;  // by decision
  std::deque<std::string> order_;                           // decisions, oldest first
  std::size_t remembered_bytes_ = 0;
  std::deque<Entry> waiting_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace nearside::gateway
