#include "store/sqlite.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace nearside::store {
namespace {

class SqliteTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/store.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return folder_ + "/a.sqlite"; }
  std::string folder_;
};

TEST_F(SqliteTest, KeepsWhatIsCommittedAndForgetsWhatIsNot) {
  Database database = *Database::open(path());
  ASSERT_TRUE(database.execute("CREATE TABLE t (i INTEGER, r REAL, s TEXT)"));
  {
    Transaction transaction = *Transaction::begin(database);
    Statement insert = *database.prepare("INSERT INTO t VALUES (?, ?, ?)");
    ASSERT_TRUE(insert.bind(1, std::int64_t{7}).bind(2, 0.5).bind(3, "x\0y").run());
    ASSERT_TRUE(insert.bind(1, std::int64_t{8}).bind(2, std::optional<double>()).bind(3, "").run());
    ASSERT_TRUE(transaction.commit());
  }
  {
    Transaction transaction = *Transaction::begin(database);
    ASSERT_TRUE(database.execute("DELETE FROM t"));
  }
  Statement select = *database.prepare("SELECT i, r, s FROM t ORDER BY i");
  ASSERT_TRUE(*select.step());
  EXPECT_EQ(select.integer(0), 7);
  EXPECT_EQ(select.real(1), 0.5);
  EXPECT_EQ(select.column_name(2), "s");
  ASSERT_TRUE(*select.step());
  EXPECT_TRUE(select.is_null(1));
  EXPECT_TRUE(select.is_text(2));
  EXPECT_FALSE(*select.step());
}

TEST_F(SqliteTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream(path()) << std::string(4096, 'x');
  EXPECT_EQ(Database::open(path()).error().code, base::Code::kCorrupt);
  EXPECT_EQ(Database::open(folder_ + "/no/such/folder.sqlite").error().code, base::Code::kIo);
}

TEST_F(SqliteTest, SaysThatSomeoneElseHoldsTheLock) {
  Database one = *Database::open(path());
  ASSERT_TRUE(one.execute("CREATE TABLE t (i INTEGER)"));
  OpenOptions impatient;
  impatient.busy_timeout = std::chrono::milliseconds(1);
  Database two = *Database::open(path(), impatient);
  Transaction held = *Transaction::begin(one);
  EXPECT_EQ(Transaction::begin(two).error().code, base::Code::kUnavailable);
}

TEST_F(SqliteTest, SaysThatItIsFull) {
  Database database = *Database::open(path());
  ASSERT_TRUE(database.execute("CREATE TABLE t (s TEXT); PRAGMA max_page_count=4"));
  EXPECT_EQ(database.execute("INSERT INTO t VALUES (zeroblob(100000))").error().code,
            base::Code::kExhausted);
}

}  // namespace
}  // namespace nearside::store
