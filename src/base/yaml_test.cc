#include "base/yaml.h"

#include <gtest/gtest.h>

namespace nearside::base {
namespace {

std::string problems_of(std::string_view text) {
  YamlProblems problems;
  parse_yaml(text, problems);
  return problems.text("f");
}

TEST(Yaml, KeepsLinesAndOrder) {
  YamlProblems problems;
  const YamlNode root = parse_yaml("# head\na: 1\nb:\n  - x\n  - {c: 'true'}\n", problems);
  ASSERT_TRUE(problems.empty());
  ASSERT_EQ(root.members.size(), 2U);
  EXPECT_EQ(root.members[1].key, "b");
  EXPECT_EQ(root.members[1].value.items[1].line, 5);
  EXPECT_TRUE(root.members[1].value.items[1].members[0].value.quoted);
}

TEST(Yaml, RefusesWhatAConfigurationDoesNotNeed) {
  EXPECT_EQ(problems_of("a: &x 1\n"),
            "f:1: anchors (&name) are not supported; write the value out where it is used");
  EXPECT_NE(problems_of("a: 1\nb: *a\n").find("f:2:"), std::string::npos);
  EXPECT_NE(problems_of("a: !!binary xx\n").find("tags"), std::string::npos);
  EXPECT_EQ(problems_of("a: 1\nb: 2\na: 3\n"),
            "f:3: 'a' stands here a second time (first in line 1); remove one");
  EXPECT_NE(problems_of("[a]: 1\n").find("a key must be text"), std::string::npos);
  EXPECT_NE(problems_of("a: 1\n---\nb: 2\n").find("more than one document"), std::string::npos);
  EXPECT_NE(problems_of("a: [1, 2\nb: 3\n").find("not valid YAML"), std::string::npos);
  EXPECT_NE(problems_of(std::string(100, '[') + std::string(100, ']')).find("nested deeper"),
            std::string::npos);
  EXPECT_NE(problems_of(std::string(kYamlBytesMax + 1, ' ')).find("larger than"),
            std::string::npos);
}

TEST(Yaml, StopsAtTooManyValues) {
  std::string text = "[";
  for (std::size_t i = 0; i <= kYamlNodesMax; ++i) text += "1,";
  EXPECT_NE(problems_of(text + "]").find("more than 100000 values"), std::string::npos);
}

TEST(YamlMap, ComplainsAboutEverythingAtOnce) {
  YamlProblems problems;
  const YamlNode root =
      parse_yaml("port: abc\nhots: x\nflag: yes\nnumber: 7\nlist: {a: 1}\n", problems);
  {
    YamlMap map(root, "", problems);
    std::string host = "default";
    std::size_t port = 1, number = 0;
    bool flag = false;
    std::vector<std::string> list;
    EXPECT_FALSE(map.text("host", host));
    EXPECT_FALSE(map.count("port", port, 0, 65535));
    EXPECT_FALSE(map.flag("flag", flag));
    EXPECT_FALSE(map.count("number", number, 8, 9));
    EXPECT_FALSE(map.texts("list", list));
    EXPECT_EQ(port, 1U);
  }
  EXPECT_EQ(problems.text("f"),
            "f:1: port is 'abc'; it wants a whole number from 0 to 65535\n"
            "f:2: hots is not a known key; did you mean 'host'?\n"
            "f:3: flag is 'yes'; it wants true or false\n"
            "f:4: number is '7'; it wants a whole number from 8 to 9\n"
            "f:5: list is a map; it wants a list of texts");
}

TEST(YamlMap, TakesAnEmptyNodeForAnEmptyMap) {
  YamlProblems problems;
  const YamlNode root = parse_yaml("section:\n", problems);
  YamlMap map(root, "", problems);
  YamlMap section(*map.take("section"), "section", problems);
  EXPECT_EQ(section.take("x"), nullptr);
  EXPECT_EQ(section.need("y", "what it is for"), nullptr);
  EXPECT_EQ(problems.text("f"), "f:1: section has no 'y'; add it: what it is for");
}

}  // namespace
}  // namespace nearside::base
