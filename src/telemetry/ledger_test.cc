#include "telemetry/ledger.h"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <functional>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/sqlite.h"

namespace nearside::telemetry {
namespace {

Record record_of(const std::string& id, Outcome outcome) {
  Record record;
  record.decision_id = id;
  record.time = base::WallTime{std::chrono::milliseconds(1'700'000'000'123)};
  record.dialect = "openai";
  record.operation = "chat.completions";
  record.model_asked = "auto";
  record.sensitivity = "internal";
  record.categories = {"email"};
  record.outcome = outcome;
  record.decision_json = "{}";
  return record;
}

class LedgerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/ledger.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return folder_ + "/ledger.sqlite"; }
  std::unique_ptr<Ledger> open(const LedgerOptions& options = {}) {
    auto ledger = Ledger::open(path(), options, logger_);
    EXPECT_TRUE(ledger.has_value()) << ledger.error().message;
    return *std::move(ledger);
  }
  /// Finishes and waits for what the ledger says.
  static base::Status finish(Ledger& ledger, Record record) {
    std::promise<base::Status> said;
    TRY(ledger.finish(std::move(record),
                      [&](base::Status status) { said.set_value(std::move(status)); }));
    return said.get_future().get();
  }
  static std::string outcome_of(Ledger& ledger, const std::string& id) {
    const auto found = ledger.find(id);
    if (!found || !*found) return "none";
    return std::string((*found)->at("outcome").as_string());
  }
  /// As another program sees it.
  [[nodiscard]] std::string outcome_in_file(const std::string& id) const {
    store::Database other = *store::Database::open(path(), {.read_only = true});
    store::Statement select = *other.prepare("SELECT outcome FROM requests WHERE decision_id = ?");
    return *select.bind(1, id).step() ? select.text(0) : "none";
  }
  /// Runs `until_ready` in a process that is killed when it has returned.
  void kill_after(const std::function<bool(Ledger&)>& until_ready, const LedgerOptions& options) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      base::Logger quiet(base::Level::kOff);
      auto ledger = Ledger::open(path(), options, quiet);
      if (!ledger || !until_ready(**ledger) || ::write(ready[1], "x", 1) != 1) ::_exit(1);
      ::pause();
      ::_exit(0);
    }
    ::close(ready[1]);
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
  }
  base::Logger logger_{base::Level::kOff};
  std::string folder_;
};

TEST_F(LedgerTest, KeepsARecordWithItsAttemptsAndSums) {
  auto ledger = open();
  ASSERT_TRUE(ledger->begin(record_of("A", Outcome::kOpen)));
  Record record = record_of("A", Outcome::kOk);
  Attempt failed{"onprem/x",
                 "onprem",
                 "eu",
                 Outcome::kFailed,
                 "unavailable",
                 10,
                 0,
                 0,
                 true,
                 true,
                 false,
                 0.001,
                 2.0,
                 {},
                 5,
                 0,
                 0,
                 0,
                 {}};
  Attempt good{"device/y", "device", "eu", Outcome::kOk, "", 10, 4, 20, false, false,
               false,      0.002,    3.0,  12.5,         90, 0,  0, 0,  {}};
  add_attempt(record, failed);
  add_attempt(record, good);
  record.stream = true;
  ASSERT_TRUE(finish(*ledger, record));
  const auto found = **ledger->find("A");
  EXPECT_EQ(found.at("outcome").as_string(), "ok");
  EXPECT_EQ(found.at("time").as_string(), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(found.at("input_tokens").as_int64(), 20);
  EXPECT_DOUBLE_EQ(found.at("cost_usd").as_double(), 0.003);
  EXPECT_TRUE(found.at("estimated").as_bool());
  EXPECT_TRUE(found.at("ttft_ms").is_null());
  EXPECT_EQ(found.at("attempts").as_array().size(), 2U);
  EXPECT_EQ(found.at("attempts").at(0).at("error_code").as_string(), "unavailable");
  EXPECT_TRUE(found.at("attempts").at(0).at("pseudonyms").as_bool());
  EXPECT_EQ(found.at("categories").as_array().size(), 1U);
}

TEST_F(LedgerTest, AnUnknownPartMakesASumUnknown) {
  Record record;
  Attempt known, unknown;
  known.cost_usd = 1;
  add_attempt(record, known);
  add_attempt(record, unknown);
  EXPECT_FALSE(record.cost_usd.has_value());
}

TEST_F(LedgerTest, ShowsARequestThatIsUnderWay) {
  auto ledger = open();
  ASSERT_TRUE(ledger->begin(record_of("A", Outcome::kOpen)));
  ASSERT_TRUE(
      finish(*ledger, record_of("B", Outcome::kOk)));  // written in order: A is there when B is
  EXPECT_EQ(outcome_of(*ledger, "A"), "open");
  EXPECT_EQ(outcome_of(*ledger, "C"), "none");
}

TEST_F(LedgerTest, WritesAnOpenRecordWhenItsTimeHasComeAndNobodyElseWrites) {
  auto ledger = open();
  ASSERT_TRUE(ledger->begin(record_of("A", Outcome::kOpen)));
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (outcome_of(*ledger, "A") == "none" && std::chrono::steady_clock::now() < give_up)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(outcome_of(*ledger, "A"), "open");
}

TEST_F(LedgerTest, PutsRecordsIntoTheTableWhenTheirTimeHasCome) {
  LedgerOptions options;
  options.write_delay = std::chrono::hours(1);
  auto ledger = open(options);
  // The first one after a rest waits for others.
  ASSERT_TRUE(ledger->begin(record_of("A", Outcome::kOpen)));
  ASSERT_TRUE(finish(*ledger, record_of("A", Outcome::kOk)));
  EXPECT_EQ(outcome_in_file("A"), "none");
  EXPECT_EQ(outcome_of(*ledger, "A"), "ok");  // whoever asks does not wait
  EXPECT_EQ(outcome_in_file("A"), "ok");
}

TEST_F(LedgerTest, ARecordThatOnlyDeathMayNotTakeIsSafeAtOnce) {
  LedgerOptions options;
  options.sync = LedgerSync::kEachSecond;
  auto ledger = open(options);
  const auto here = std::this_thread::get_id();
  std::thread::id told_on;
  ASSERT_TRUE(ledger->finish(record_of("A", Outcome::kOk), [&](const base::Status& status) {
    EXPECT_TRUE(status);
    told_on = std::this_thread::get_id();
  }));
  EXPECT_EQ(told_on, here);
  EXPECT_EQ(outcome_of(*ledger, "A"), "ok");
}

TEST_F(LedgerTest, LeavesNothingBesideItsTableWhenItCloses) {
  ASSERT_TRUE(finish(*open(), record_of("A", Outcome::kOk)));
  for (const char* extra : {".pending", "-wal", "-shm"})
    EXPECT_FALSE(std::filesystem::exists(path() + extra)) << extra;
  EXPECT_EQ(outcome_in_file("A"), "ok");
}

TEST_F(LedgerTest, RepliesWaitForATableThatIsBehindAndAllAreTold) {
  LedgerOptions options;
  options.sync = LedgerSync::kEachSecond;
  options.write_delay = std::chrono::milliseconds(200);
  constexpr int kRecords = 3000;
  std::atomic<int> told = 0;
  int held_back = 0;
  {
    auto ledger = open(options);
    for (int i = 0; i < kRecords; ++i) {
      Record record = record_of(std::to_string(i), Outcome::kOk);
      record.decision_json = "\"" + std::string(3000, 'x') + "\"";
      const int before = told;
      ASSERT_TRUE(
          ledger->finish(record, [&](const base::Status& status) { told += status ? 1 : 0; }));
      if (told == before) ++held_back;
    }
  }
  EXPECT_EQ(told, kRecords);
  EXPECT_GT(held_back, 0);  // nine megabytes come before the table takes the first
  EXPECT_EQ(outcome_of(*open(), std::to_string(kRecords - 1)), "ok");
}

TEST_F(LedgerTest, AnEndThatCannotBeKeptLeavesItsRequestOpen) {
  LedgerOptions small;
  small.journal_bytes = 64 << 10;
  {
    auto ledger = open(small);
    ASSERT_TRUE(ledger->begin(record_of("A", Outcome::kOpen)));
    Record end = record_of("A", Outcome::kOk);
    end.decision_json = "\"" + std::string(small.journal_bytes, 'x') + "\"";
    EXPECT_EQ(ledger->finish(end, [](const base::Status&) { FAIL(); }).error().code,
              base::Code::kTooLarge);
    EXPECT_EQ(outcome_of(*ledger, "A"), "open");
  }
  EXPECT_EQ(open(small)->interrupted_count(), 1U);
}

TEST_F(LedgerTest, WritesWhatWaitsBeforeItCloses) {
  std::atomic<int> durable = 0;
  {
    auto ledger = open();
    for (int i = 0; i < 2000; ++i)
      ASSERT_TRUE(ledger->finish(record_of(std::to_string(i), Outcome::kOk),
                                 [&](const base::Status& status) { durable += status ? 1 : 0; }));
  }
  EXPECT_EQ(durable, 2000);
  EXPECT_EQ(outcome_of(*open(), "1999"), "ok");
}

TEST_F(LedgerTest, KeepsEveryRecordOfAProcessThatWasKilled) {
  for (const LedgerSync sync : {LedgerSync::kEachReply, LedgerSync::kEachSecond}) {
    std::filesystem::remove(path());
    LedgerOptions options;
    options.sync = sync;
    kill_after(
        [](Ledger& ledger) {
          for (const char* id : {"A", "B", "C"})
            if (!ledger.begin(record_of(id, Outcome::kOpen))) return false;
          return outcome_of(ledger, "C") == "open" &&
                 finish(ledger, record_of("A", Outcome::kOk)).has_value();
        },
        options);
    auto ledger = open();
    EXPECT_EQ(ledger->interrupted_count(), 2U);
    EXPECT_EQ(outcome_of(*ledger, "A"), "ok");
    EXPECT_EQ(outcome_of(*ledger, "B"), "interrupted");
    EXPECT_EQ(outcome_of(*ledger, "C"), "interrupted");
  }
}

TEST_F(LedgerTest, FindsInTheJournalWhatAKilledProcessHadNotPutIntoTheTable) {
  LedgerOptions options;
  options.sync = LedgerSync::kEachSecond;
  options.write_delay = std::chrono::hours(1);
  kill_after(
      [](Ledger& ledger) {
        for (int i = 0; i < 500; ++i)
          if (!finish(ledger, record_of(std::to_string(i), Outcome::kOk))) return false;
        return true;
      },
      options);
  EXPECT_EQ(outcome_in_file("0"), "none");
  auto ledger = open();
  for (int i = 0; i < 500; ++i) EXPECT_EQ(outcome_of(*ledger, std::to_string(i)), "ok");
}

TEST_F(LedgerTest, GoesOnThroughBothHalvesOfASmallJournal) {
  LedgerOptions options;
  options.journal_bytes = 64 << 10;
  options.sync = LedgerSync::kEachSecond;
  {
    auto ledger = open(options);
    for (int i = 0; i < 3000; ++i) {
      const std::string id = std::to_string(i);
      // A journal that is full for a moment refuses; whoever asks again finds room.
      while (!ledger->begin(record_of(id, Outcome::kOpen))) std::this_thread::yield();
      ASSERT_TRUE(finish(*ledger, record_of(id, Outcome::kOk)));
    }
  }
  auto ledger = open(options);
  EXPECT_EQ(ledger->interrupted_count(), 0U);
  for (const char* id : {"0", "1", "1500", "2999"}) EXPECT_EQ(outcome_of(*ledger, id), "ok") << id;
}

TEST_F(LedgerTest, RefusesASecondNodeOnTheSameFile) {
  auto ledger = open();
  EXPECT_EQ(Ledger::open(path(), {}, logger_).error().code, base::Code::kUnavailable);
}

TEST_F(LedgerTest, RefusesAnotherProgramsDatabaseAndANewerVersion) {
  {
    store::Database other = *store::Database::open(path());
    ASSERT_TRUE(other.execute("CREATE TABLE t (i INTEGER)"));
  }
  EXPECT_EQ(Ledger::open(path(), {}, logger_).error().code, base::Code::kCorrupt);
  std::filesystem::remove(path());
  open();
  {
    store::Database ours = *store::Database::open(path());
    ASSERT_TRUE(ours.execute("PRAGMA user_version=99"));
  }
  EXPECT_EQ(Ledger::open(path(), {}, logger_).error().code, base::Code::kUnsupported);
  EXPECT_EQ(Ledger::open(folder_ + "/none/x", {}, logger_).error().code, base::Code::kIo);
}

TEST_F(LedgerTest, WaitsForALockThatIsReleasedWhileRepliesGoOn) {
  auto ledger = open();
  store::Database other = *store::Database::open(path());
  {
    store::Transaction held = *store::Transaction::begin(other);
    ASSERT_TRUE(ledger->begin(record_of("A", Outcome::kOpen)));
    while (ledger->healthy()) std::this_thread::yield();  // the first try failed
    EXPECT_TRUE(finish(*ledger, record_of("A", Outcome::kOk)));
    EXPECT_EQ(outcome_in_file("A"), "none");
  }
  while (!ledger->healthy()) std::this_thread::yield();
  EXPECT_EQ(outcome_of(*ledger, "A"), "ok");
}

TEST_F(LedgerTest, KeepsWhatTheTableDoesNotTakeForTheNextStart) {
  store::Database other = [this] {
    auto ledger = open();
    return *store::Database::open(path());
  }();
  {
    auto ledger = open();
    store::Transaction held = *store::Transaction::begin(other);
    ASSERT_TRUE(finish(*ledger, record_of("A", Outcome::kOk)));
    while (ledger->healthy()) std::this_thread::yield();
    ledger.reset();
    EXPECT_EQ(outcome_in_file("A"), "none");
  }
  EXPECT_EQ(outcome_of(*open(), "A"), "ok");
}

TEST_F(LedgerTest, RefusesRequestsWhenDiskAndJournalAreFull) {
  LedgerOptions small;
  small.file_bytes_max = 64 << 10;
  small.journal_bytes = 256 << 10;
  auto ledger = open(small);
  base::Status begun;
  int ended = 0;
  for (int i = 0; i < 200 && begun; ++i) {
    Record record = record_of(std::to_string(i), Outcome::kOpen);
    record.decision_json = "\"" + std::string(4000, 'x') + "\"";
    begun = ledger->begin(record);
    record.outcome = Outcome::kOk;
    if (!begun) break;
    EXPECT_TRUE(finish(*ledger, record));  // there is room for the end of what has begun
    ++ended;
  }
  EXPECT_EQ(begun.error().code, base::Code::kExhausted);
  while (ledger->healthy()) std::this_thread::yield();
  EXPECT_EQ(ledger->lost_count(), 0U);
  ledger.reset();
  ledger = open();
  for (int i = 0; i < ended; ++i) EXPECT_EQ(outcome_of(*ledger, std::to_string(i)), "ok");
}

TEST_F(LedgerTest, NeverReopensARecordThatIsOver) {
  auto ledger = open();
  ASSERT_TRUE(finish(*ledger, record_of("A", Outcome::kOk)));
  ASSERT_TRUE(ledger->begin(record_of("A", Outcome::kOpen)));
  ASSERT_TRUE(finish(*ledger, record_of("B", Outcome::kOk)));
  EXPECT_EQ(outcome_of(*ledger, "A"), "ok");
}

}  // namespace
}  // namespace nearside::telemetry
