#include "upstream/key.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace nearside::upstream {
namespace {

std::string file_with(std::string_view content) {
  const std::string path = ::testing::TempDir() + "/key_test";
  std::ofstream(path) << content;
  return path;
}

TEST(UpstreamKey, ComesFromAFileWithoutItsNewline) {
  EXPECT_EQ(load_key("", file_with("  sk-abc\n")).value().reveal(), "sk-abc");
}

TEST(UpstreamKey, ComesFromTheEnvironment) {
  ::setenv("NEARSIDE_TEST_KEY", "sk-env", 1);
  EXPECT_EQ(load_key("NEARSIDE_TEST_KEY", "").value().reveal(), "sk-env");
}

TEST(UpstreamKey, IsEmptyWhenNoneIsConfigured) { EXPECT_TRUE(load_key("", "").value().empty()); }

TEST(UpstreamKey, RefusesWhatIsNoKeyWithoutShowingIt) {
  const auto unset = load_key("NEARSIDE_TEST_UNSET", "");
  ASSERT_FALSE(unset);
  EXPECT_NE(unset.error().message.find("NEARSIDE_TEST_UNSET"), std::string::npos);
  EXPECT_FALSE(load_key("", file_with(" \n")));
  EXPECT_FALSE(load_key("", "/nonexistent/key"));
  const auto broken = load_key("", file_with("secret\nx-injected: 1"));
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace nearside::upstream
