// The case tables of testdata/jinja: what Python's Jinja2 makes of small templates.
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/file.h"
#include "text/chat_template.h"

namespace nearside::text {
namespace {

namespace json = base::json;

constexpr const char* kFolder = "src/text/testdata/jinja";

struct Case {
  std::string source;
  std::string expected;  // "!" and a class of exception, where it is refused
};

// The parts of `text` between lines `line`.
std::vector<std::string> parts(const std::string& text, const std::string& line) {
  std::vector<std::string> out;
  std::size_t start = 0;
  for (std::size_t at = text.find(line); at != std::string::npos; at = text.find(line, start)) {
    out.push_back(text.substr(start, at - start));
    start = at + line.size();
  }
  out.push_back(text.substr(start));
  return out;
}

std::vector<Case> cases_of(const std::filesystem::path& path) {
  const auto text = base::read_file(path);
  if (!text) return {};
  std::vector<Case> cases;
  for (const std::string& part : parts(*text, "=====\n")) {
    const std::vector<std::string> both = parts(part, "-----\n");
    if (both.size() != 2) continue;
    const auto without_end = [](const std::string& lines) {
      return lines.ends_with('\n') ? lines.substr(0, lines.size() - 1) : lines;
    };
    cases.push_back({without_end(both[0]), without_end(both[1])});
  }
  return cases;
}

TemplateInput input() {
  TemplateInput made;
  made.now = base::WallTime(std::chrono::seconds(1768469400));  // 2026-01-15 09:30 UTC
  const auto text = base::read_file(std::string(kFolder) + "/variables.json");
  if (text) made.extra = base::parse_json(*text)->as_object();
  return made;
}

class JinjaCases : public testing::TestWithParam<const char*> {};

TEST_P(JinjaCases, RenderAsPythonsJinja2Does) {
  const TemplateInput given = input();
  ASSERT_FALSE(given.extra.empty());
  const std::vector<Case> cases = cases_of(std::string(kFolder) + "/" + GetParam() + ".txt");
  ASSERT_GT(cases.size(), 30U);
  for (const Case& one : cases) {
    const auto parsed = ChatTemplate::parse(one.source);
    const auto rendered =
        parsed ? parsed->render(given) : base::Result<std::string>(parsed.error());
    if (one.expected.starts_with('!')) {
      EXPECT_FALSE(rendered) << one.source << "\ngives: " << *rendered << "\nnot " << one.expected;
      EXPECT_TRUE(rendered || rendered.error().code != base::Code::kInternal) << one.source;
      continue;
    }
    EXPECT_TRUE(rendered) << one.source << "\nfails: " << rendered.error().message;
    if (rendered) {
      EXPECT_EQ(*rendered, one.expected) << one.source;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, JinjaCases,
                         testing::Values("expressions", "filters", "statements", "strings",
                                         "whitespace"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace nearside::text
