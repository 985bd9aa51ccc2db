#include "cli/route_question.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace nearside::cli {
namespace {

gateway::Config example() { return *gateway::load_config("examples/nearside.yaml"); }

TEST(RouteQuestion, ExplainsATextAgainstTheExample) {
  RouteQuestion question;
  question.text = "Das Förderband steht, bitte den Fahrer anrufen: +49 30 1234567";
  const auto decision = answer(question, example(), {});
  ASSERT_TRUE(decision.has_value()) << decision.error().message;
  EXPECT_EQ(decision->chosen().target, "onprem/triage-large");
  EXPECT_EQ(decision->ask.label.sensitivity, policy::Sensitivity::kConfidential);
}

TEST(RouteQuestion, ReadsARequestFileWithItsModel) {
  const std::string path = testing::TempDir() + "/route_question.json";
  std::ofstream(path)
      << R"({"model":"cloud/large","max_tokens":9,"messages":[{"role":"user","content":"Where is the belt?"}]})";
  RouteQuestion question;
  question.request_file = path;
  const auto decision = answer(question, example(), {});
  ASSERT_TRUE(decision.has_value()) << decision.error().message;
  EXPECT_EQ(decision->chosen().target, "cloud/large");
  EXPECT_EQ(decision->ask.completion_tokens, 9U);
  std::ofstream(path) << "[1]";
  EXPECT_EQ(answer(question, example(), {}).error().code, base::Code::kInvalidArgument);
  std::filesystem::remove(path);
}

TEST(RouteQuestion, RefusesWishesItDoesNotKnow) {
  RouteQuestion question;
  question.text = "x";
  question.sensitivity = "secret";
  EXPECT_EQ(answer(question, example(), {}).error().code, base::Code::kInvalidArgument);
  question.sensitivity = "restricted";
  question.tenant = "nobody";
  EXPECT_EQ(answer(question, example(), {}).error().code, base::Code::kInvalidArgument);
  question.tenant = "clinic";
  const auto decision = answer(question, example(), {});
  ASSERT_TRUE(decision.has_value());
  EXPECT_EQ(decision->ask.tenant_regions.text(), "eu-de");
}

TEST(RouteQuestion, IsRefusedByANodeWithoutTargets) {
  RouteQuestion question;
  question.text = "x";
  const auto decision = answer(question, *gateway::default_config(), {});
  ASSERT_TRUE(decision.has_value());
  EXPECT_TRUE(decision->refused());
}

}  // namespace
}  // namespace nearside::cli
