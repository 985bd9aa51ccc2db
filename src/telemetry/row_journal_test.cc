#include "telemetry/row_journal.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>

namespace nearside::telemetry {
namespace {

constexpr std::size_t kHalfBytes = 4096;

class RowJournalTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/journal.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return folder_ + "/ledger.pending"; }
  [[nodiscard]] RowJournal open() const { return *RowJournal::open(path(), kHalfBytes); }
  static base::Status append(RowJournal& journal, const std::vector<std::string>& rows) {
    std::string framed;
    for (const std::string& row : rows) journal.add_row(row, framed);
    return journal.append(framed);
  }
  static std::vector<std::string> rows_of(const RowJournal& journal) {
    std::vector<std::string> rows;
    EXPECT_TRUE(journal.replay([&](std::string_view row) {
      rows.emplace_back(row);
      return base::Status();
    }));
    return rows;
  }
  /// Writes over the file's bytes from `offset` on.
  void damage(std::size_t offset, std::string_view bytes) const {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  std::string folder_;
};

using Rows = std::vector<std::string>;

TEST_F(RowJournalTest, FindsItsRowsAgainInOrder) {
  {
    RowJournal journal = open();
    ASSERT_TRUE(append(journal, {"one", "two"}));
    ASSERT_TRUE(append(journal, {std::string(1000, 'x')}));
  }
  EXPECT_EQ(rows_of(open()), (Rows{"one", "two", std::string(1000, 'x')}));
  ASSERT_TRUE(open().clear());
  EXPECT_EQ(rows_of(open()), Rows());
}

TEST_F(RowJournalTest, TakesTurnsWithItsHalves) {
  RowJournal journal = open();
  const std::string row(1500, 'a');
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(append(journal, {row}));  // two in each half
  EXPECT_FALSE(journal.has_room(row.size()));
  EXPECT_EQ(append(journal, {row}).error().code, base::Code::kExhausted);
  const std::uint64_t after_four = journal.next_number() - 1;
  EXPECT_FALSE(journal.would_free(after_four - 3));  // one of the first half is not safe yet
  ASSERT_TRUE(journal.release(after_four - 3));
  EXPECT_FALSE(journal.has_room(row.size()));
  EXPECT_TRUE(journal.would_free(after_four - 2));
  ASSERT_TRUE(journal.release(after_four - 2));
  ASSERT_TRUE(append(journal, {"after"}));
  EXPECT_EQ(rows_of(journal), (Rows{row, row, "after"}));  // the older half first
}

TEST_F(RowJournalTest, DoesNotTakeLeftoversForRows) {
  RowJournal journal = open();
  // Equal sizes: what is left of the first use stands where the next row would begin.
  ASSERT_TRUE(append(journal, {"old1", "old2", "old3"}));
  ASSERT_TRUE(journal.clear());
  ASSERT_TRUE(append(journal, {"new1"}));
  EXPECT_EQ(rows_of(journal), Rows{"new1"});
  EXPECT_EQ(rows_of(open()), Rows{"new1"});
}

TEST_F(RowJournalTest, StopsAtARowThatIsHalfWritten) {
  RowJournal journal = open();
  ASSERT_TRUE(append(journal, {"good", "torn", "lost"}));
  damage(4096 + (16 + 4) + 16 + 1, "X");
  EXPECT_EQ(rows_of(open()), Rows{"good"});
  damage(4096, std::string("\xff\xff\xff\xff", 4));
  EXPECT_EQ(rows_of(open()), Rows());
}

TEST_F(RowJournalTest, RefusesWhatIsNoneOfIts) {
  EXPECT_EQ(RowJournal::open(folder_ + "/none/x", kHalfBytes).error().code, base::Code::kIo);
  std::ofstream(path()) << std::string(10'000, 'x');
  EXPECT_EQ(RowJournal::open(path(), kHalfBytes).error().code, base::Code::kCorrupt);
  std::filesystem::remove(path());
  ASSERT_TRUE(open().sync());
  std::filesystem::resize_file(path(), 4096 + kHalfBytes);
  EXPECT_EQ(RowJournal::open(path(), kHalfBytes).error().code, base::Code::kCorrupt);
  std::filesystem::remove(path());
  ASSERT_TRUE(open().sync());
  damage(8, "\x63");
  const auto newer = RowJournal::open(path(), kHalfBytes);
  EXPECT_EQ(newer.error().code, base::Code::kUnsupported);
  EXPECT_NE(newer.error().message.find("another version"), std::string::npos);
}

TEST_F(RowJournalTest, CompletesAFileThatAKilledNodeHadNotFinished) {
  std::ofstream(path()) << "NS";
  RowJournal journal = open();
  ASSERT_TRUE(append(journal, {"row"}));
  EXPECT_EQ(rows_of(open()), Rows{"row"});
}

TEST_F(RowJournalTest, RefusesARowThatIsLargerThanAHalf) {
  RowJournal journal = open();
  EXPECT_EQ(append(journal, {std::string(kHalfBytes, 'x')}).error().code, base::Code::kTooLarge);
  ASSERT_TRUE(append(journal, {"small"}));
  EXPECT_EQ(rows_of(journal), Rows{"small"});
}

}  // namespace
}  // namespace nearside::telemetry
