#include "base/memory.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "base/sanitizer_for_test.h"

namespace nearside::base {
namespace {

std::size_t resident_bytes() {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;)
    if (word == "VmRSS:") {
      std::size_t kilobytes = 0;
      in >> kilobytes;
      return kilobytes << 10;
    }
  return 0;
}

TEST(GiveBackMemory, LeavesAProgramThatIsSmallerAndStillWorks) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow is most of the memory";
  const std::size_t before = resident_bytes();
  const std::size_t given_back = give_back_memory();
  EXPECT_GT(given_back, 0U);
  EXPECT_LT(resident_bytes(), before);
  // Code, constants and relocated data are all where they were.
  std::string text =
      std::to_string(12.5) + ::testing::UnitTest::GetInstance()->original_working_dir();
  EXPECT_TRUE(text.starts_with("12.5"));
  EXPECT_THROW(static_cast<void>(std::stoi("none")), std::invalid_argument);
}

}  // namespace
}  // namespace nearside::base
