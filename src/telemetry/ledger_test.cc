#include "telemetry/ledger.h"

#include <atomic>
#include <csignal>
#include <filesystem>
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

TEST_F(LedgerTest, WritesARequestThatIsSoonOverOnce) {
  LedgerOptions options;
  options.open_delay = std::chrono::hours(1);
  auto ledger = open(options);
  ASSERT_TRUE(ledger->begin(record_of("A", Outcome::kOpen)));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(outcome_of(*ledger, "A"), "none");
  ASSERT_TRUE(finish(*ledger, record_of("A", Outcome::kOk)));
  EXPECT_EQ(outcome_of(*ledger, "A"), "ok");
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
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    base::Logger quiet(base::Level::kOff);
    auto ledger = Ledger::open(path(), {}, quiet);
    if (!ledger) ::_exit(1);
    for (const char* id : {"A", "B", "C"})
      if (!(*ledger)->begin(record_of(id, Outcome::kOpen))) ::_exit(1);
    if (!finish(**ledger, record_of("A", Outcome::kOk))) ::_exit(1);
    if (::write(ready[1], "x", 1) != 1) ::_exit(1);
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

  auto ledger = open();
  EXPECT_EQ(ledger->interrupted_count(), 2U);
  EXPECT_EQ(outcome_of(*ledger, "A"), "ok");
  EXPECT_EQ(outcome_of(*ledger, "B"), "interrupted");
  EXPECT_EQ(outcome_of(*ledger, "C"), "interrupted");
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

TEST_F(LedgerTest, WaitsForALockThatIsReleased) {
  auto ledger = open();
  store::Database other = *store::Database::open(path());
  std::promise<base::Status> said;
  {
    store::Transaction held = *store::Transaction::begin(other);
    ASSERT_TRUE(ledger->finish(record_of("A", Outcome::kOk),
                               [&](base::Status s) { said.set_value(std::move(s)); }));
    while (ledger->healthy()) std::this_thread::yield();  // the first try failed
  }
  EXPECT_TRUE(said.get_future().get());
  EXPECT_TRUE(ledger->healthy());
  EXPECT_EQ(outcome_of(*ledger, "A"), "ok");
}

TEST_F(LedgerTest, SaysSoWhenARecordCannotBeKept) {
  LedgerOptions impatient;
  impatient.retry_for = std::chrono::milliseconds(0);
  auto ledger = open(impatient);
  store::Database other = *store::Database::open(path());
  store::Transaction held = *store::Transaction::begin(other);
  const base::Status status = finish(*ledger, record_of("A", Outcome::kOk));
  EXPECT_EQ(status.error().code, base::Code::kUnavailable);
  EXPECT_FALSE(ledger->healthy());
  EXPECT_EQ(ledger->lost_count(), 1U);
}

TEST_F(LedgerTest, SaysSoWhenTheDiskIsFull) {
  LedgerOptions small;
  small.retry_for = std::chrono::milliseconds(0);
  small.file_bytes_max = 64 << 10;
  auto ledger = open(small);
  base::Status status;
  for (int i = 0; i < 100 && status; ++i) {
    Record record = record_of(std::to_string(i), Outcome::kOk);
    record.decision_json = "\"" + std::string(4000, 'x') + "\"";
    status = finish(*ledger, record);
  }
  EXPECT_EQ(status.error().code, base::Code::kExhausted);
  EXPECT_FALSE(ledger->healthy());
  EXPECT_EQ(outcome_of(*ledger, "0"), "ok");
}

TEST_F(LedgerTest, RefusesRecordsPastItsQueue) {
  LedgerOptions options;
  options.queue_max = 4;
  auto ledger = open(options);
  store::Database other = *store::Database::open(path());
  {
    store::Transaction held = *store::Transaction::begin(other);
    ASSERT_TRUE(ledger->begin(record_of("first", Outcome::kOpen)));
    while (ledger->healthy())
      std::this_thread::yield();  // the writer holds `first` and cannot write it
    for (int i = 0; i < 4; ++i)
      EXPECT_TRUE(ledger->begin(record_of(std::to_string(i), Outcome::kOpen)));
    EXPECT_EQ(ledger->begin(record_of("5", Outcome::kOpen)).error().code, base::Code::kExhausted);
  }
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
