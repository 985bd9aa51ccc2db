#include "cli/kernel_choice.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace nearside::cli {
namespace {

class KernelChoice : public testing::Test {
 protected:
  void TearDown() override { unsetenv("NEARSIDE_KERNELS"); }
};

TEST_F(KernelChoice, IsTheBestUnlessNamed) {
  unsetenv("NEARSIDE_KERNELS");
  EXPECT_EQ(chosen_kernels().value(), &kernels::best_table());
  setenv("NEARSIDE_KERNELS", "scalar", 1);
  EXPECT_EQ(chosen_kernels().value(), &kernels::scalar_table());
}

TEST_F(KernelChoice, RefusesANameNobodyHas) {
  setenv("NEARSIDE_KERNELS", "abacus", 1);
  const auto chosen = chosen_kernels();
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, base::Code::kInvalidArgument);
  EXPECT_NE(chosen.error().message.find("scalar"), std::string::npos);
}

}  // namespace
}  // namespace nearside::cli
