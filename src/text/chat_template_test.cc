#include "text/chat_template.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/file.h"

namespace nearside::text {
namespace {

using base::Code;
namespace json = base::json;

// 2026-01-15 09:30:00 UTC, which the expected renderings were made with.
base::WallTime fixed_time() { return base::WallTime(std::chrono::seconds(1768469400)); }

TemplateInput input_of(const json::object& request) {
  TemplateInput input;
  input.now = fixed_time();
  input.messages = request.at("messages").as_array();
  if (const auto* tools = request.if_contains("tools"); tools != nullptr && tools->is_array())
    input.tools = tools->as_array();
  input.add_generation_prompt = request.at("add_generation_prompt").as_bool();
  return input;
}

TEST(ChatTemplates, OfRealModelsRenderAsJinjaDoes) {
  const std::filesystem::path folder = "../shared/data/chat-templates";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent";
  std::size_t cases_count = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    const auto text = base::read_file(file.path());
    ASSERT_TRUE(text) << file.path();
    const auto parsed = base::parse_json(*text);
    ASSERT_TRUE(parsed) << file.path();
    const json::object& given = parsed->as_object();
    auto source_path = file.path();
    const auto source = base::read_file(source_path.replace_extension(".jinja"));
    ASSERT_TRUE(source) << source_path;
    const auto chat_template = ChatTemplate::parse(*source);
    ASSERT_TRUE(chat_template) << file.path() << ": " << chat_template.error().message;
    for (const auto& [name, value] : given.at("cases").as_object()) {
      const json::object& request = value.as_object();
      TemplateInput input = input_of(request);
      input.bos_token = given.at("bos_token").as_string();
      input.eos_token = given.at("eos_token").as_string();
      const auto rendered = chat_template->render(input);
      ++cases_count;
      if (request.contains("error")) {
        EXPECT_FALSE(rendered) << file.path() << " " << name << " renders, but should fail with "
                               << request.at("error");
        continue;
      }
      ASSERT_TRUE(rendered) << file.path() << " " << name << ": " << rendered.error().message;
      EXPECT_EQ(*rendered, std::string_view(request.at("expected").as_string()))
          << file.path() << " " << name;
    }
  }
  EXPECT_GT(cases_count, 0U);
}

}  // namespace
}  // namespace nearside::text
