#include "kernels/tables.h"

#include <gtest/gtest.h>

namespace nearside::kernels {
namespace {

TEST(Tables, AreFoundByTheNameTheyPrint) {
  for (const Table* table : available_tables()) EXPECT_EQ(find_table(table->name), table);
  EXPECT_EQ(find_table("abacus"), nullptr);
}

TEST(Tables, BeginWithThePlainOneAndEndWithTheBest) {
  EXPECT_EQ(available_tables().front(), &scalar_table());
  EXPECT_EQ(available_tables().back(), &best_table());
}

TEST(Tables, DescribeThemselves) {
  const std::string text = describe(scalar_table());
  EXPECT_NE(text.find("kernels: scalar\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Q4_K"), std::string::npos) << text;
  EXPECT_NE(text.find("rows, plain C++"), std::string::npos) << text;
}

}  // namespace
}  // namespace nearside::kernels
