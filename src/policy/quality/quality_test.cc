#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "policy/quality/judged_prompts.h"
#include "policy/quality/logistic_baseline.h"
#include "policy/quality/quality_model.h"
#include "policy/quality/routing_score.h"

namespace nearside::policy {
namespace {

/// The small model can greet and not calculate; the large one can both.
std::vector<JudgedPrompt> arithmetic_and_greetings(std::size_t count) {
  std::mt19937 random(1);
  std::vector<JudgedPrompt> out;
  for (std::size_t i = 0; i < count; ++i) {
    const bool sums = i % 2 == 0;
    std::string prompt = sums ? "What is " + std::to_string(random() % 900) + " plus " +
                                    std::to_string(random() % 900) + " times 3?"
                              : "Say hello to the team in a " +
                                    std::string(random() % 2 == 0 ? "friendly" : "formal") + " way";
    out.push_back({std::move(prompt), {{"small", sums ? 0.0 : 1.0}, {"large", 1.0}}});
  }
  return out;
}

TEST(PromptFeatures, AreDistinctWithinAGroupAndTheSameEveryTime) {
  std::vector<Feature> one, two;
  prompt_features("Add 12 and 34, then add 56.", one);
  prompt_features("Add 12 and 34, then add 56.", two);
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].index, two[i].index);
    EXPECT_LT(one[i].index, kFeatureRows);
    if (i > 0 && one[i].group == one[i - 1].group) {
      EXPECT_LT(one[i - 1].index, one[i].index);
    }
  }
}

TEST(PromptFeatures, ReadTheBeginningAndTheEndOfLongPrompts) {
  const std::string middle(100000, 'x');
  std::vector<Feature> one, two;
  prompt_features("first " + middle + " last", one);
  prompt_features("first " + middle + " else", two);
  EXPECT_NE(one.size() == two.size() &&
                std::equal(one.begin(), one.end(), two.begin(),
                           [](const Feature& a, const Feature& b) { return a.index == b.index; }),
            true);
}

TEST(QualityModel, LearnsWhichPromptsATargetFails) {
  const auto model = *QualityModel::train(arithmetic_and_greetings(200), {});
  EXPECT_LT(model.predict("What is 77 plus 12 times 3?", "small")->good_probability, 0.3);
  EXPECT_GT(model.predict("Say hello to the team in a formal way", "small")->good_probability, 0.7);
  EXPECT_GT(model.predict("What is 77 plus 12 times 3?", "large")->good_probability, 0.9);
  EXPECT_FALSE(model.predict("What is 1 plus 1?", "nobody"));
}

TEST(QualityModel, FallsBackToTheAverageForPromptsUnlikeAllItSaw) {
  const auto model = *QualityModel::train(arithmetic_and_greetings(200), {});
  const auto strange = *model.predict("zxq vlork brentspul quandary ottoman gazebo", "small");
  EXPECT_LT(strange.familiarity, QualityModel::kFamiliarMin);
  EXPECT_NEAR(strange.good_probability, 0.5, 1e-9);
  EXPECT_GT(model.predict("What is 77 plus 12 times 3?", "small")->familiarity,
            QualityModel::kFamiliarMax);
}

TEST(QualityModel, LearnsFromFeedbackOneJudgementAtATime) {
  auto model = *QualityModel::train(arithmetic_and_greetings(200), {});
  const std::string prompt = "Say hello to the team in a friendly way";
  const double before = model.predict(prompt, "small")->good_probability;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(model.learn(prompt, "small", 0));
  EXPECT_LT(model.predict(prompt, "small")->good_probability, before - 0.2);
  ASSERT_TRUE(model.learn(prompt, "new", 1));
  EXPECT_EQ(model.predict(prompt, "new")->judged, 1U);
  EXPECT_FALSE(model.learn(prompt, "small", 1.5));
  EXPECT_FALSE(model.learn(prompt, "small", std::nan("")));
}

TEST(QualityModel, ComesBackFromItsFile) {
  const auto model = *QualityModel::train(arithmetic_and_greetings(60), {});
  const auto again = QualityModel::parse(model.serialize());
  ASSERT_TRUE(again);
  const std::string prompt = "What is 5 plus 6 times 3?";
  EXPECT_DOUBLE_EQ(again->predict(prompt, "small")->good_probability,
                   model.predict(prompt, "small")->good_probability);
  EXPECT_EQ(again->targets(), (std::vector<std::string>{"large", "small"}));
}

TEST(QualityModel, RefusesFilesThatAreCutOrDamaged) {
  const std::string file = QualityModel::train(arithmetic_and_greetings(20), {})->serialize();
  for (std::size_t size = 0; size < file.size(); size += 97)
    EXPECT_FALSE(QualityModel::parse(std::string_view(file).substr(0, size))) << size;
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    std::string damaged = file;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    const auto parsed = QualityModel::parse(damaged);  // refused or usable, never worse
    if (parsed) {
      EXPECT_EQ(parsed->predict("What is 5 plus 6?").size(), parsed->targets().size());
    }
  }
}

TEST(QualityModel, RefusesToTrainOnNothing) {
  EXPECT_FALSE(QualityModel::train({}, {}));
  const std::vector<JudgedPrompt> wrong = {{"a", {{"t", 2.0}}}};
  EXPECT_FALSE(QualityModel::train(wrong, {}));
}

TEST(LogisticBaseline, TellsPromptsApartByTheirWordsAndPairs) {
  std::vector<JudgedPrompt> prompts;
  for (int i = 0; i < 40; ++i) {
    JudgedPrompt& easy = prompts.emplace_back();
    easy.prompt = "What is the capital of country " + std::to_string(i);
    easy.scores = {{"weak", 1}, {"strong", 1}};
    JudgedPrompt& hard = prompts.emplace_back();
    hard.prompt = "Prove the theorem about group " + std::to_string(i);
    hard.scores = {{"weak", 0}, {"strong", 1}};
  }
  const LogisticBaseline baseline = LogisticBaseline::train(prompts);
  EXPECT_GT(baseline.predict("What is the capital of France", "weak"), 0.8);
  EXPECT_LT(baseline.predict("Prove the theorem of Fermat", "weak"), 0.2);
  EXPECT_GT(baseline.predict("Prove the theorem of Fermat", "strong"), 0.8);
  EXPECT_GT(baseline.predict("", "weak"), 0.2);  // a prompt without words: the average, about
}

TEST(RoutingScore, OfARandomOrderIsAHalfAndOfAnOracleTheMost) {
  std::vector<PairOutcome> outcomes;
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i)
    outcomes.push_back({random() % 3 == 0 ? 0.0 : 1.0, random() % 10 == 0 ? 0.0 : 1.0});
  std::vector<double> coin;
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    coin.push_back(std::uniform_real_distribution()(random));
  EXPECT_NEAR(score_routing(outcomes, coin).apgr, score_random(outcomes).apgr, 0.1);
  const RoutingScore oracle = score_oracle(outcomes);
  EXPECT_GT(oracle.apgr, 1.0);
  EXPECT_LT(oracle.cpt80, 0.25);
  EXPECT_GE(oracle.apgr, score_routing(outcomes, coin).apgr);
}

TEST(RoutingScore, FollowsItsDefinition) {
  // Strong calls in this order: gains 1, 0, 1, 0 of a gap of 2.
  const std::vector<PairOutcome> outcomes = {{0, 1}, {1, 1}, {0, 1}, {1, 1}};
  const RoutingScore score = score_routing(outcomes, std::vector<double>{4, 3, 2, 1});
  EXPECT_DOUBLE_EQ(score.weak, 0.5);
  EXPECT_DOUBLE_EQ(score.strong, 1.0);
  EXPECT_DOUBLE_EQ(score.apgr, (0.25 + 0.5 + 0.75 + 1.0) / 4);
  EXPECT_DOUBLE_EQ(score.cpt50, 0.25);
  EXPECT_DOUBLE_EQ(score.cpt80, 0.75);
}

TEST(JudgedPrompts, AreReadFromEveryFormOfLines) {
  const auto prompts = *parse_judged_prompts(
      R"({"prompt":"a","scores":{"x":0.5}}
{"prompt":"b","weak_ok":1,"strong_ok":0,"contaminated":0}
{"prompt":"left out","weak_ok":1,"contaminated":1}
{"prompt":"c","models":{"x":[1,309],"y":{"score":0.25}}}
{"turns":["d","e"],"target":"x","good":true}
)");
  ASSERT_EQ(prompts.size(), 4U);
  EXPECT_EQ(prompts[0].scores.at("x"), 0.5);
  EXPECT_EQ(prompts[1].scores.at("weak"), 1);
  EXPECT_EQ(prompts[2].scores.at("x"), 1);
  EXPECT_EQ(prompts[2].scores.at("y"), 0.25);
  EXPECT_EQ(prompts[3].prompt, "d");
}

TEST(JudgedPrompts, AreReadFromCsvWithQuotes) {
  const auto prompts = *parse_judged_prompts(
      "prompt,target,good\r\n\"say \"\"hi\"\",\nplease\",x,1\n\"say "
      "\"\"hi\"\",\nplease\",y,false\n");
  ASSERT_EQ(prompts.size(), 1U);
  EXPECT_EQ(prompts[0].prompt, "say \"hi\",\nplease");
  EXPECT_EQ(prompts[0].scores.at("x"), 1);
  EXPECT_EQ(prompts[0].scores.at("y"), 0);
}

TEST(JudgedPrompts, NameTheLineThatIsWrong) {
  for (const char* wrong : {"{\"prompt\":1,\"scores\":{\"x\":1}}", "{\"prompt\":\"a\"}",
                            "{\"prompt\":\"a\",\"scores\":{\"x\":2}}", "[]", "nonsense"}) {
    const auto result =
        parse_judged_prompts(std::string("{\"prompt\":\"a\",\"scores\":{\"x\":1}}\n") + wrong);
    ASSERT_FALSE(result) << wrong;
    EXPECT_NE(result.error().message.find("line 2"), std::string::npos) << result.error().message;
  }
  EXPECT_FALSE(parse_judged_prompts("prompt,good\na,1\n"));
  EXPECT_FALSE(parse_judged_prompts("prompt,target,good\na,x,2\n"));
  EXPECT_FALSE(parse_judged_prompts("prompt,target,good\n\"a,x,1\n"));
}

}  // namespace
}  // namespace nearside::policy
