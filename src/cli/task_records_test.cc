#include "cli/task_records.h"

#include <gtest/gtest.h>

namespace nearside::cli {
namespace {

TEST(TaskRecords, ReadsMessagesInputExpectedAndLanguage) {
  const auto records = parse_task_records(
      "{\"input\":\"2+2=\",\"expected\":\"4\"}\n\n"
      "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"expected\":\"ho\",\"language\":"
      "\"de\"}");
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ((*records)[0].input, "2+2=");
  EXPECT_EQ((*records)[0].group, "");
  EXPECT_EQ((*records)[1].messages.size(), 1U);
  EXPECT_EQ((*records)[1].group, "de");
}

TEST(TaskRecords, NamesTheLineThatIsWrong) {
  const auto records =
      parse_task_records("{\"input\":\"a\",\"expected\":\"b\"}\n{\"input\":\"a\"}\n");
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, base::Code::kInvalidArgument);
  EXPECT_EQ(records.error().message, "line 2: the text \"expected\" is missing");
}

TEST(TaskRecords, RefusesAFileWithoutRecords) { EXPECT_FALSE(parse_task_records("\n  \n")); }

}  // namespace
}  // namespace nearside::cli
