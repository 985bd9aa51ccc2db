#include "train/chat_record.h"

#include <gtest/gtest.h>

namespace nearside::train {
namespace {

TEST(ChatRecords, ReadsTheAnswerFromExpectedOrFromTheLastMessage) {
  const auto records = parse_chat_records(
      R"({"messages":[{"role":"user","content":"a"}],"expected":"b","language":"en"})"
      "\n\n"
      R"({"messages":[{"role":"user","content":"c"},{"role":"assistant","content":"d"}]})");
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ((*records)[0].answer, "b");
  EXPECT_EQ((*records)[0].messages.size(), 1U);
  EXPECT_EQ((*records)[1].answer, "d");
  EXPECT_EQ((*records)[1].messages.size(), 1U);
}

TEST(ChatRecords, NamesTheLineThatIsWrong) {
  const char* const good = R"({"messages":[{"role":"user","content":"a"}],"expected":"b"})";
  for (const char* bad :
       {"{", "[]", R"({"messages":[]})", R"({"messages":[{"role":"user"}],"expected":"b"})",
        R"({"messages":[{"role":"user","content":"a"}]})",
        R"({"messages":[{"role":"user","content":"a"}],"expected":1})"}) {
    const auto records = parse_chat_records(std::string(good) + "\n" + bad);
    ASSERT_FALSE(records) << bad;
    EXPECT_EQ(records.error().code, base::Code::kInvalidArgument);
    EXPECT_NE(records.error().message.find("line 2"), std::string::npos);
  }
}

}  // namespace
}  // namespace nearside::train
