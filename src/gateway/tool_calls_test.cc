#include "gateway/tool_calls.h"

#include <gtest/gtest.h>

namespace nearside::gateway {
namespace {

TEST(ToolCallAssembler, PutsTwoInterleavedCallsTogether) {
  ToolCallAssembler calls;
  for (const char* piece :
       {R"([{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}])",
        R"([{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{"}}])",
        R"([{"index":0,"function":{"arguments":"{}"}},{"index":1,"function":{"arguments":"}"}}])"})
    ASSERT_TRUE(calls.add(piece));
  EXPECT_EQ(calls.take(),
            base::parse_json(
                R"([{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
                    {"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}])")
                .value()
                .as_array());
}

TEST(ToolCallAssembler, DoesNotDoubleIdsAndNamesThatAServerRepeats) {
  ToolCallAssembler calls;
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(calls.add(R"([{"index":0,"id":"a","function":{"name":"f","arguments":"x"}}])"));
  const auto taken = calls.take();
  EXPECT_EQ(taken.at(0).at("id"), "a");
  EXPECT_EQ(taken.at(0).at("function").at("name"), "f");
  EXPECT_EQ(taken.at(0).at("function").at("arguments"), "xx");
  EXPECT_EQ(taken.at(0).at("type"), "function");
}

TEST(ToolCallAssembler, TakesCallsWithoutIndexAsWhole) {
  ToolCallAssembler calls;
  ASSERT_TRUE(
      calls.add(R"([{"id":"a","function":{"name":"f"}},{"id":"b","function":{"name":"g"}}])"));
  EXPECT_EQ(calls.take().size(), 2U);
}

TEST(ToolCallAssembler, RefusesGarbageAndTooMany) {
  ToolCallAssembler calls;
  for (const char* bad :
       {"", "{}", "[1]", R"([{"index":-1}])", R"([{"index":1e99}])", R"([{"index":128}])"})
    EXPECT_FALSE(calls.add(bad)) << bad;
  EXPECT_TRUE(calls.add(R"([{"index":127}])"));
}

}  // namespace
}  // namespace nearside::gateway
