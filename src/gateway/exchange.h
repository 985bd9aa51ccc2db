// The life of one request after its decision: targets are asked in the order of their rank until
// one begins to answer, the answer is sent on, and whatever happens is recorded.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/answer_collector.h"
#include "gateway/answer_watch.h"
#include "gateway/attempt.h"
#include "gateway/comparisons.h"
#include "gateway/dialect.h"
#include "gateway/egress_guard.h"
#include "gateway/logprob_guard.h"
#include "gateway/resume.h"
#include "gateway/serving.h"
#include "http/server.h"
#include "policy/decide.h"
#include "telemetry/record.h"

namespace nearside::gateway {

/// Rules it keeps:
/// - Nothing is sent before the first content of an answer, so that until then another target can
/// take
///   over unseen. A reply that is not streamed is sent when it is complete, so it can until the
///   end.
/// - When all permitted targets were down, they are asked once more after a pause, if the retry
/// budget
///   has it and no content was sent.
/// - A stream that fails after content ends with an error event and a cut connection, never as if
/// it
///   were complete.
/// - The client's leaving, the deadline and a reader that is too slow cancel the work at the
/// target.
/// - The last byte of a reply is sent when the ledger holds the record on disk. When it cannot, the
///   client hears an error instead of an end.
///
/// - In a cascade the first answer is held until it has been judged (verdict.h), a streamed one
/// too.
///   When it failed the next target is asked, and the first answer is given only if that one fails.
///
/// - Where it is wanted (may_resume), a text that was cut is written on by the next target that may
///   have it with what was said, and the client sees one answer (resume.h).
///
/// An answer that is not streamed is held until it is complete, up to kWholeAnswerBytesMax.
///
/// Events come from backends' threads, one at a time; leaving and lateness from others. It owns
/// itself through the callbacks it has handed out, and is gone when the last has been called.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  struct Opening {
    std::shared_ptr<const Snapshot> snapshot;
    const Services* services;
    const Dialect* dialect;
    const Operation* operation;
    Asked asked;
    std::optional<std::uint32_t> logprobs_asked;  // by the caller; the target is asked for more
    std::optional<TemplateUse> template_use;
    policy::Decision decision;
    telemetry::Record record;  // as begun in the ledger
    base::SteadyTime arrived;
    base::SteadyTime deadline;
    ConcurrencyGate::Pass pass;
    QuotaHold hold;
    std::optional<ResponseCache::Key> cache_key;  // set: the answer is kept under it
    std::optional<Sample> sample;                 // set: the answer is to be compared
    bool resume = false;                          // may_resume()
    std::unique_ptr<AnswerWatch> watch;           // reads the answer; null: nobody does
    std::unique_ptr<http::Responder> responder;
  };

  /// Takes the request to its end. Returns at once.
  /// REQUIRES: !opening.decision.refused(), and the ledger has begun opening.record.
  static void start(Opening opening);

  explicit Exchange(Opening opening);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

 private:
  /// What has to happen once the lock is released: calls are destroyed and started without it,
  /// since both may run their sink.
  struct After {
    std::unique_ptr<chat::Call> drop;
    bool try_next = false;
    bool try_later = false;  // all over again, after kRetryPause
    bool record = false;
  };

  /// An answer that failed its judgement.
  struct Kept {
    WholeAnswer answer;
    std::size_t target_index;
  };

  void try_next();
  void on_event(std::size_t attempt, chat::Event event);
  void on_client_gone();
  void on_late();
  void finish_up(After after);

  // All below with mutex_ held.
  /// The next in rank, as the decision considered it; null: all were asked.
  const policy::Considered* next_target();
  /// Whether every target failed in a way that may pass, and the budget pays for one more round.
  [[nodiscard]] bool may_retry();
  void take(chat::Event event, After& after);
  /// The answer recites its template: it ends here.
  void stop_leak(After& after);
  void take_content(chat::Event event, After& after);
  void write_piece(std::string& out, const chat::Event& event);
  void take_finished(const chat::Finished& finished, After& after);
  void take_failed(const chat::Failed& failed, After& after);
  /// Asks the better target of a cascade; the answer so far is kept in case that one fails.
  void escalate(std::string_view why, const chat::Usage& usage, After& after);
  /// Ends with the answer that was kept. False when there is none.
  bool give_kept(After& after);
  /// Whether another target writes on.
  [[nodiscard]] bool at_seam() const;
  [[nodiscard]] base::Result<policy::Decision> decide_who_writes_on() const;
  void note_resumption(const policy::Decision& decision);
  /// Asks the next target to write on after `error`. False: nobody may.
  bool resume(const base::Error& error, const chat::Usage& used, After& after);
  void close_attempt(telemetry::Outcome outcome, std::string_view error_code,
                     const chat::Usage& usage);
  void conclude(telemetry::Outcome outcome, std::optional<base::Error> error, After& after);
  /// Whether the current target sees placeholders.
  [[nodiscard]] bool hidden() const;
  /// What was in the answer goes to the ledger and to the conversation's follow-ups.
  void end_watch();
  void begin_stream();
  [[nodiscard]] AnswerHead answer_head() const;
  [[nodiscard]] AnswerEnd answer_end(const chat::Finished& finished) const;
  [[nodiscard]] base::Error nobody_answered() const;

  /// After the lock: the record is on disk, or cannot be.
  void deliver(const base::Status& durable);
  [[nodiscard]] http::Headers headers_of_target() const;

  const std::shared_ptr<const Snapshot> snapshot_;
  const Services services_;
  const Dialect& dialect_;
  const Operation& operation_;
  const policy::Decision decision_;
  const base::SteadyTime arrived_;
  const base::SteadyTime deadline_;
  const bool stream_;
  const bool held_;  // a stream that begins when its answer is complete and judged
  const chat::AnswerFormat format_;
  const bool logprobs_wanted_;
  const bool stream_usage_;
  const bool embeddings_base64_;

  std::mutex mutex_;  // guards all below until over_; then only deliver() touches them
  bool over_ = false;
  chat::Request request_;
  telemetry::Record record_;
  const std::string decision_id_;
  telemetry::Outcome outcome_ = telemetry::Outcome::kOpen;
  std::size_t next_rank_ = 0;
  std::size_t attempt_ = 0;  // number of the current one; events of earlier ones are ignored
  std::size_t target_index_ = 0;
  std::optional<AttemptMeter> meter_;
  std::unique_ptr<chat::Call> call_;
  bool queued_ = false;  // the current attempt waits for another's end
  std::vector<base::Error> failures_;
  std::optional<LogprobTeller> logprobs_;  // when the caller asked for them
  std::optional<EgressGuard> egress_;      // when a template is in use
  std::optional<Resume> resume_;           // when it may be written on
  std::unique_ptr<Answer> answer_;         // once content has been sent
  AnswerCollector collector_;              // of an answer that is not streamed
  WholeAnswer whole_;                      // once it is complete; of a streamed one, only its end
  std::optional<ApiError> error_;
  std::optional<ConcurrencyGate::Pass> pass_;
  QuotaHold hold_;
  bool retried_ = false;
  bool judging_;  // the answer under way is the first of a cascade
  std::optional<Kept> kept_;
  std::optional<ResponseCache::Key> cache_key_;
  std::optional<Sample> sample_;  // set: the answer is to be compared
  std::unique_ptr<AnswerWatch> watch_;
  std::unique_ptr<http::Responder> responder_;
  std::optional<Alarms::Id> alarm_;
};

}  // namespace nearside::gateway
