// The audit log against an insider with an editor.
#include "trust/audit_log.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"

namespace nearside::trust {
namespace {

class AuditLogTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = (std::filesystem::path(testing::TempDir()) /
             ("nearside_audit_" + std::to_string(::getpid())))
                .string();
    remove();
  }
  void TearDown() override { remove(); }
  void remove() const {
    std::filesystem::remove(path_);
    std::filesystem::remove(path_ + ".torn");
  }

  void write_entries(int count) {
    auto log = AuditLog::open(path_, key_, clock_);
    ASSERT_TRUE(log) << log.error().message;
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(log->append("key_used", {{"key", "line-" + std::to_string(i)}, {"by", "ada"}}));
    head_ = log->head();
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::ifstream in(path_);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  [[nodiscard]] AuditReport verify(const std::vector<std::string>& all,
                                   bool with_head = false) const {
    std::string text;
    for (const std::string& line : all) text += line + "\n";
    return verify_audit_log(text, key_.public_key(),
                            with_head ? std::optional(head_) : std::nullopt);
  }

  std::string path_;
  base::SystemClock clock_;
  PrivateKey key_ = PrivateKey::generate(KeyKind::kEd25519);
  AuditHead head_;
};

TEST_F(AuditLogTest, HoldsAsWritten) {
  write_entries(5);
  const AuditReport report = verify(lines(), true);
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.head.entries, 5U);
  EXPECT_EQ(report.head.hash, head_.hash);
}

TEST_F(AuditLogTest, GoesOnAfterARestart) {
  write_entries(3);
  write_entries(3);
  EXPECT_EQ(head_.entries, 6U);
  EXPECT_TRUE(verify(lines(), true).findings.empty());
}

TEST_F(AuditLogTest, FindsEveryRemovedEntry) {
  write_entries(6);
  for (std::size_t i = 0; i < 6; ++i) {
    auto all = lines();
    all.erase(all.begin() + static_cast<long>(i));
    EXPECT_FALSE(verify(all, true).findings.empty()) << i;
    EXPECT_EQ(verify(all).findings.empty(), i == 5) << i;  // the last is missed without a head
  }
}

TEST_F(AuditLogTest, FindsACutOffEndByTheHeadKeptElsewhere) {
  write_entries(6);
  auto all = lines();
  all.resize(4);
  EXPECT_TRUE(verify(all).findings.empty());  // what a chain alone cannot show
  EXPECT_FALSE(verify(all, true).findings.empty());
  EXPECT_FALSE(verify({}, true).findings.empty());
}

TEST_F(AuditLogTest, FindsEveryPairThatChangedPlaces) {
  write_entries(5);
  for (std::size_t a = 0; a < 5; ++a)
    for (std::size_t b = a + 1; b < 5; ++b) {
      auto all = lines();
      std::swap(all[a], all[b]);
      EXPECT_FALSE(verify(all).findings.empty()) << a << " and " << b;
    }
}

TEST_F(AuditLogTest, FindsARepeatedEntry) {
  write_entries(3);
  auto all = lines();
  all.insert(all.begin() + 1, all[1]);
  EXPECT_FALSE(verify(all).findings.empty());
}

TEST_F(AuditLogTest, FindsAnyChangedByte) {
  write_entries(3);
  const auto good = lines();
  for (std::size_t i = 0; i < good[1].size(); ++i) {
    auto all = good;
    all[1][i] = static_cast<char>(all[1][i] ^ 1);
    EXPECT_FALSE(verify(all).findings.empty()) << "byte " << i;
  }
}

TEST_F(AuditLogTest, FindsAnEntryOfAnotherKey) {
  write_entries(2);
  const PrivateKey other = PrivateKey::generate(KeyKind::kEd25519);
  const auto first = lines();
  remove();
  auto log = AuditLog::open(path_, other, clock_);
  ASSERT_TRUE(log->append("key_used", {{"by", "eve"}}));
  ASSERT_TRUE(log->append("key_used", {{"by", "eve"}}));
  EXPECT_FALSE(verify({first[0], lines()[1]}).findings.empty());
  EXPECT_FALSE(verify(lines()).findings.empty());
}

TEST_F(AuditLogTest, FindsAnEntryOfAnotherLogOfTheSameKey) {
  write_entries(3);
  const auto first = lines();
  remove();
  write_entries(3);
  EXPECT_FALSE(verify({first[0], lines()[1], first[2]}).findings.empty());
}

TEST_F(AuditLogTest, GoesOnAfterATornLine) {
  write_entries(2);
  std::ofstream(path_, std::ios::app) << "{\"entry\":3,\"unix";
  write_entries(1);
  EXPECT_EQ(head_.entries, 4U);  // one says that the log was repaired
  EXPECT_TRUE(verify(lines(), true).findings.empty());
  EXPECT_EQ(base::read_file(path_ + ".torn").value(), "{\"entry\":3,\"unix");
}

TEST_F(AuditLogTest, DoesNotGoOnAfterAForgedEntry) {
  write_entries(2);
  auto all = lines();
  std::ofstream(path_, std::ios::app) << all[0] << "x\n";
  const auto log = AuditLog::open(path_, key_, clock_);
  ASSERT_FALSE(log);
}

TEST_F(AuditLogTest, HasOneWriter) {
  const auto first = AuditLog::open(path_, key_, clock_);
  ASSERT_TRUE(first);
  EXPECT_EQ(AuditLog::open(path_, key_, clock_).error().code, base::Code::kExhausted);
}

TEST_F(AuditLogTest, TextsCannotForgeMembers) {
  auto log = AuditLog::open(path_, key_, clock_);
  ASSERT_TRUE(log->append("x", {{"by", "eve\",\"signature\":\"AAAA\"}\n{\"entry\":2"}}));
  ASSERT_TRUE(log->append("y", {}));
  EXPECT_TRUE(verify(lines()).findings.empty());
  EXPECT_EQ(lines().size(), 2U);
  EXPECT_FALSE(log->append("z", {{"by", "\xff"}}));
  EXPECT_EQ(log->append("z", {{"by", std::string(kAuditLineBytesMax, 'a')}}).error().code,
            base::Code::kTooLarge);
}

TEST(AuditHead, SurvivesText) {
  const AuditHead head{17, sha256("x")};
  EXPECT_EQ(AuditHead::parse(head.text())->hash, head.hash);
  for (const char* text : {"", "17", "17:", ":00", "x:00", "17:0011"})
    EXPECT_FALSE(AuditHead::parse(text)) << text;
}

}  // namespace
}  // namespace nearside::trust
