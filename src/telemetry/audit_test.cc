#include "telemetry/audit.h"

#include <filesystem>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/file.h"
#include "trust/audit_log.h"

namespace nearside::telemetry {
namespace {

class AuditTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("nearside_audit_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    options_.file = (folder_ / "audit.log").string();
    options_.key_file = (folder_ / "audit.key").string();
    ASSERT_TRUE(base::write_file_atomic(options_.key_file, key_.pem()));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string text() const { return base::read_file(options_.file).value(); }
  [[nodiscard]] trust::AuditReport verify() const {
    return trust::verify_audit_log(text(), key_.public_key(), {});
  }

  trust::PrivateKey key_ = trust::PrivateKey::generate(trust::KeyKind::kEd25519);
  std::filesystem::path folder_;
  base::SystemClock clock_;
  base::Logger log_{base::Level::kOff};
  AuditOptions options_;
};

TEST_F(AuditTest, WritesWhatWasNotedInOrderBeforeItEnds) {
  {
    const auto audit = Audit::open(options_, clock_, log_).value();
    for (int i = 0; i < 10; ++i) audit->note("key_refused", {{"n", std::to_string(i)}});
  }
  const trust::AuditReport report = verify();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.head.entries, 10U);
  std::size_t at = 0;
  for (int i = 0; i < 10; ++i) {
    at = text().find("\"n\":\"" + std::to_string(i) + "\"", at);
    EXPECT_NE(at, std::string::npos) << i;
  }
}

TEST_F(AuditTest, WhatIsWrittenAtOnceIsOnDiskAndItsEndIsTold) {
  const auto audit = Audit::open(options_, clock_, log_).value();
  ASSERT_TRUE(audit->write("configuration_loaded", {{"file", "nearside.yaml"}}));
  const trust::AuditReport report = verify();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(audit->end().entries, 1U);
  EXPECT_EQ(audit->end().head, report.head.text());
}

TEST_F(AuditTest, AFloodIsCountedInsteadOfWritten) {
  options_.per_minute_max = 3;
  {
    const auto audit = Audit::open(options_, clock_, log_).value();
    for (int i = 0; i < 1000; ++i) audit->note("key_refused", {});
    audit->note("template_leak", {});
  }
  EXPECT_EQ(verify().head.entries, 4U);
  EXPECT_TRUE(verify().findings.empty());
}

TEST_F(AuditTest, ThreadsMayNoteTogether) {
  options_.per_minute_max = 1000;
  {
    const auto audit = Audit::open(options_, clock_, log_).value();
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&audit] {
        for (int i = 0; i < 50; ++i) audit->note("request_refused", {{"why", "x"}});
      });
  }
  EXPECT_EQ(verify().head.entries, 200U);
  EXPECT_TRUE(verify().findings.empty());
}

TEST_F(AuditTest, HostileValuesAreKeptOutOrCut) {
  {
    const auto audit = Audit::open(options_, clock_, log_).value();
    audit->note("key_refused", {{"path", "\xFF\xFE"}, {"long", std::string(100'000, 'x')}});
  }
  EXPECT_TRUE(verify().findings.empty());
  EXPECT_LT(text().size(), 3000U);
  EXPECT_NE(text().find("(not UTF-8)"), std::string::npos);
}

TEST_F(AuditTest, AWrongKeyFileIsAnErrorThatNamesIt) {
  ASSERT_TRUE(base::write_file_atomic(options_.key_file, "no key"));
  const auto audit = Audit::open(options_, clock_, log_);
  ASSERT_FALSE(audit);
  EXPECT_NE(audit.error().message.find("audit.key"), std::string::npos) << audit.error().message;
}

}  // namespace
}  // namespace nearside::telemetry
