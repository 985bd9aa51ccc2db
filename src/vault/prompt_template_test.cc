#include "vault/prompt_template.h"

#include <gtest/gtest.h>

namespace nearside::vault {
namespace {

std::string rendered(std::string_view text, const std::map<std::string, std::string>& values) {
  const auto made = PromptTemplate::parse(text);
  if (!made) return "error: " + made.error().message;
  const auto out = made->render(values);
  return out ? *out : "error: " + out.error().message;
}

TEST(PromptTemplate, FillsItsHoles) {
  EXPECT_EQ(rendered("In {{ site }}, {{shift}} shift of {{site}}.",
                     {{"site", "hall 2"}, {"shift", "night"}}),
            "In hall 2, night shift of hall 2.");
  EXPECT_EQ(rendered("no holes", {}), "no holes");
  EXPECT_EQ(rendered("{{a}}", {{"a", ""}}), "");
}

TEST(PromptTemplate, ValuesAreNeverReadAgain) {
  EXPECT_EQ(rendered("{{a}} and {{b}}", {{"a", "{{b}}"}, {"b", "}}{{a}}"}}), "{{b}} and }}{{a}}");
}

TEST(PromptTemplate, ListsItsVariablesAndItsFixedText) {
  const auto made = PromptTemplate::parse("x {{b}} y {{a}} z {{b}}").value();
  EXPECT_EQ(made.variables(), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(made.fixed_text(), "x  y  z ");
}

TEST(PromptTemplate, SaysWhatIsWrong) {
  const std::pair<std::string, const char*> wrong[] = {
      {"", "empty"},
      {"a {{b", "byte 2"},
      {"{{}}", "byte 0"},
      {"{{a b}}", "byte 0"},
      {"{{a}} {{ {{b}}", "byte 6"},
      {"\xFF", "UTF-8"},
      {std::string(kTemplateBytesMax + 1, 'x'), "at most"},
  };
  for (const auto& [text, says] : wrong)
    EXPECT_NE(rendered(text, {}).find(says), std::string::npos) << rendered(text, {});
}

TEST(PromptTemplate, MissingUnknownAndHugeValuesAreErrors) {
  EXPECT_EQ(rendered("{{a}}", {}), "error: the template wants the variable 'a'");
  EXPECT_EQ(rendered("{{a}}", {{"a", "1"}, {"b", "2"}}), "error: the template has no variable 'b'");
  EXPECT_EQ(rendered("{{a}}", {{"a", std::string(kVariableBytesMax, 'x')}}).size(),
            kVariableBytesMax);
  EXPECT_TRUE(rendered("{{a}}", {{"a", std::string(kVariableBytesMax + 1, 'x')}})
                  .starts_with("error: the variable 'a' has more than"));
}

TEST(PromptTemplate, ErrorsNeverQuoteTheText) {
  for (const std::string text : {"the secret {{", "the secret {{a}}"})
    EXPECT_EQ(rendered(text, {}).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace nearside::vault
