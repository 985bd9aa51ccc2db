#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/model.h"

namespace nearside::cli {
namespace {

class ModelRender : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("nearside-render-" + std::to_string(getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& content) {
    const std::string path = folder_ / name;
    EXPECT_TRUE(base::write_file_atomic(path, content));
    return path;
  }

  // What the command prints; its exit status in status_.
  std::string run(const std::string& source, const std::string& request,
                  const std::string& more = "") {
    App root("", "");
    App* command = nullptr;
    const cli::Run run = model_render(root, command);
    EXPECT_TRUE(root.parse("render --template " + file("t.jinja", source) + " --request " +
                           file("r.json", request) + more));
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    status_ = run();
    errors_ = testing::internal::GetCapturedStderr();
    std::fflush(stdout);
    return testing::internal::GetCapturedStdout();
  }

  std::filesystem::path folder_;
  Exit status_ = Exit::kUsage;
  std::string errors_;
};

TEST_F(ModelRender, PrintsThePromptByteForByte) {
  EXPECT_EQ(run("{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
                "{{ mood }}{% if add_generation_prompt %}>{% endif %}",
                R"({"messages": [{"role": "user", "content": "Hallo \u00fc"}], "bos_token": "<s>",
                    "mood": "!", "add_generation_prompt": false})"),
            "<s>[user]Hallo ü!");
  EXPECT_EQ(status_, Exit::kDone);
}

TEST_F(ModelRender, PrintsJsonWhenAsked) {
  EXPECT_EQ(run("{{ strftime_now('%d.%m.%Y') }}", R"({"messages": []})",
                " --json --now 2026-01-15T09:30:00Z"),
            "{\"prompt\":\"15.01.2026\"}\n");
}

TEST_F(ModelRender, FailsWithTheTemplatesOwnWords) {
  EXPECT_EQ(run("{{ raise_exception('only users may speak') }}", R"({"messages": []})"), "");
  EXPECT_EQ(status_, Exit::kFailed);
  EXPECT_NE(errors_.find("only users may speak"), std::string::npos) << errors_;
}

TEST_F(ModelRender, RefusesRequestsWithoutMessages) {
  for (const char* request :
       {"[]", "{}", R"({"messages": 1})", "{", R"({"messages": [], "tools": 2})",
        R"({"messages": [], "add_generation_prompt": 2})"}) {
    run("x", request);
    EXPECT_EQ(status_, Exit::kFailed) << request;
    EXPECT_NE(errors_.find("r.json"), std::string::npos) << errors_;
  }
}

}  // namespace
}  // namespace nearside::cli
