// Drawing a model out through its API: the attack of Carlini et al. 2024 against a real engine
// behind a real gateway, with the defences off and on.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/engine_for_test.h"
#include "gateway/node_for_test.h"
#include "trust/sha256.h"

namespace nearside::gateway {
namespace {

constexpr std::size_t kHidden = 32;  // of model::tiny_shape

/// Runs each request to its end before start() returns.
class EngineBackend final : public chat::Backend {
 public:
  std::unique_ptr<chat::Call> start(chat::Request request, chat::Sink sink) override {
    const std::scoped_lock lock(mutex_);
    const auto id = ++last_id_;
    if (base::Status submitted = engine_->submit(id, request); !submitted) {
      sink(chat::Failed{submitted.error(), {}});
      return nullptr;
    }
    const engine::Engine::Sink forward = [&sink](engine::RequestId, chat::Event event) {
      sink(std::move(event));
    };
    while (engine_->step(forward)) {
    }
    return nullptr;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<engine::Engine> engine_ = engine::load("llama");
  engine::RequestId last_id_ = 0;
};

using Matrix = std::vector<std::vector<double>>;  // [row, column]

/// Singular values, largest first, by one-sided Jacobi rotations: columns are turned against each
/// other until all are orthogonal; their lengths are the values.
/// Source: Golub and Van Loan, Matrix Computations, 8.6.3.
std::vector<double> singular_values(Matrix rows) {
  if (rows.size() < rows[0].size()) {  // more rows than columns
    Matrix turned(rows[0].size(), std::vector<double>(rows.size()));
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t j = 0; j < rows[0].size(); ++j) turned[j][i] = rows[i][j];
    rows = std::move(turned);
  }
  const std::size_t columns = rows[0].size();
  for (int sweep = 0; sweep < 60; ++sweep) {
    double worst = 0;
    for (std::size_t p = 0; p + 1 < columns; ++p)
      for (std::size_t q = p + 1; q < columns; ++q) {
        double pp = 0, qq = 0, pq = 0;
        for (const auto& row : rows) {
          pp += row[p] * row[p];
          qq += row[q] * row[q];
          pq += row[p] * row[q];
        }
        if (std::abs(pq) <= 1e-15 * std::sqrt(pp * qq) || pq == 0) continue;
        worst = std::max(worst, std::abs(pq) / std::sqrt(pp * qq));
        const double zeta = (qq - pp) / (2 * pq);
        const double t = (zeta >= 0 ? 1 : -1) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
        const double c = 1 / std::sqrt(1 + t * t), s = c * t;
        for (auto& row : rows) {
          const double a = row[p], b = row[q];
          row[p] = c * a - s * b;
          row[q] = s * a + c * b;
        }
      }
    if (worst < 1e-12) break;
  }
  std::vector<double> values(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    double sum = 0;
    for (const auto& row : rows) sum += row[j] * row[j];
    values[j] = std::sqrt(sum);
  }
  std::sort(values.rbegin(), values.rend());
  return values;
}

struct Knee {
  std::size_t after = 0;  // singular values before it: what the attacker takes for the hidden size
  double ratio = 0;       // of the values on its two sides
};

/// The steepest fall. The first values are left out: a mean is a large direction of its own.
Knee knee_of(const std::vector<double>& values) {
  Knee knee;
  for (std::size_t i = 2; i + 1 < values.size(); ++i) {
    const double ratio = values[i] / std::max(values[i + 1], 1e-300);
    if (ratio > knee.ratio) knee = {i + 1, ratio};
  }
  return knee;
}

class ExtractionTest : public testing::Test {
 protected:
  ExtractionTest() {
    node_.add_backend("device/tiny", policy::Place::kDevice, std::make_shared<EngineBackend>(),
                      true);
    KeyConfig key;
    key.name = "app";
    key.sha256 = trust::sha256("key");
    node_.config.auth.keys = {key};
  }
  static void all_off(LogprobRules& rules) {
    rules.with_logit_bias = true;
    rules.grid = 0;
    rules.distributions_max = 0;
  }
  Reply complete(std::size_t prompt, const std::string& fields) {
    return node_.request(
        "POST", "/v1/completions",
        fmt::format(R"({{"model":"auto","prompt":"question {} of {}","max_tokens":1,)"
                    R"("temperature":0,{}}})",
                    prompt, prompt * 7919 % 1000, fields),
        {{"authorization", "Bearer key"}});
  }
  Reply chat(std::size_t prompt, const std::string& fields) {
    return node_.chat(
        fmt::format(R"({{"model":"auto","messages":[{{"role":"user","content":"question {} of )"
                    R"({}"}}],"max_tokens":1,"temperature":0,"logprobs":true,{}}})",
                    prompt, prompt * 7919 % 1000, fields),
        {{"authorization", "Bearer key"}});
  }
  static const base::json::array& tops(const base::json::object& reply) {
    return reply.at("choices")
        .at(0)
        .at("logprobs")
        .at("content")
        .at(0)
        .at("top_logprobs")
        .as_array();
  }
  std::string metrics() { return node_.metrics.text(); }

  NodeForTest node_;
};

// The probability of any token is read by forcing it with a bias: one request a number.
TEST_F(ExtractionTest, WithoutDefencesTheHiddenSizeIsReadOffExactly) {
  all_off(node_.config.logprobs);
  // Forced tokens are unlikely ones; without this defence they are told too.
  node_.config.logprobs.tell_unlikely = true;
  node_.start();
  constexpr std::size_t kPrompts = 44, kTokens = 56;
  Matrix differences;
  for (std::size_t prompt = 0; prompt < kPrompts; ++prompt) {
    std::vector<double> row;
    for (std::size_t token = 0; token < kTokens; ++token) {
      const Reply reply =
          complete(prompt, fmt::format(R"("logprobs":0,"logit_bias":{{"{}":100}})", 65 + token));
      ASSERT_EQ(reply.status, 200) << reply.body;
      row.push_back(reply.json()
                        .at("choices")
                        .at(0)
                        .at("logprobs")
                        .at("token_logprobs")
                        .at(0)
                        .to_number<double>());
    }
    // Without the normalisation, which all of a distribution share.
    for (std::size_t token = 1; token < kTokens; ++token) row[token] -= row[0];
    row.erase(row.begin());
    differences.push_back(std::move(row));
  }
  const Knee knee = knee_of(singular_values(differences));
  std::printf("defences off: the spectrum falls by %.0f after %zu values\n", knee.ratio,
              knee.after);
  EXPECT_EQ(knee.after, kHidden);
  EXPECT_GT(knee.ratio, 100);
}

TEST_F(ExtractionTest, WithDefencesTheSpectrumShowsNoKneeWithinTheBudget) {
  constexpr std::size_t kBudget = 300;
  node_.config.logprobs.distributions_max = kBudget;
  node_.start();
  EXPECT_EQ(complete(0, R"("logprobs":0,"logit_bias":{"65":100})").status, 403);
  // What is left: the likeliest twenty of as many prompts as the budget pays for.
  std::vector<std::map<std::string, double>> collected;
  std::map<std::string, std::size_t> seen;
  Reply last;
  for (std::size_t prompt = 0; prompt < 2 * kBudget; ++prompt) {
    last = chat(prompt, R"("top_logprobs":20)");
    if (last.status != 200) break;
    const base::json::object reply = last.json();
    std::map<std::string, double> row;
    for (const base::json::value& top : tops(reply)) {
      std::string name = base::json::serialize(top.at("bytes"));
      const double value = top.at("logprob").to_number<double>();
      EXPECT_NEAR(value, std::round(value * 100) / 100, 1e-5);
      ++seen[name];
      row.emplace(std::move(name), value);
    }
    EXPECT_LE(row.size(), 20U);
    collected.push_back(std::move(row));
  }
  EXPECT_EQ(last.status, 429) << last.body;
  EXPECT_EQ(last.error_code(), "logprobs_refused");
  EXPECT_LE(collected.size(), kBudget + 1);
  // The attacker keeps the tokens seen most, fills what is missing with the least that it can be,
  // and looks for the fall.
  std::vector<std::pair<std::size_t, std::string>> often;
  // A token that hardly any prompt shows is a column of filling: equal to another such column, it
  // would make a fall that tells of the filling and not of the model.
  for (const auto& [name, count] : seen)
    if (count * 10 >= collected.size()) often.emplace_back(count, name);
  std::sort(often.rbegin(), often.rend());
  ASSERT_GT(often.size(), kHidden + 1);
  for (const std::size_t columns : {kHidden + 2, std::size_t{40}, often.size()}) {
    if (often.size() < columns) continue;
    Matrix matrix;
    for (const auto& row : collected) {
      double least = 0;
      for (const auto& [name, value] : row) least = std::min(least, value);
      std::vector<double> known;
      for (std::size_t j = 0; j < columns; ++j) {
        const auto found = row.find(often[j].second);
        known.push_back(found == row.end() ? least : found->second);
      }
      matrix.push_back(std::move(known));
    }
    const std::vector<double> values = singular_values(matrix);
    const Knee knee = knee_of(values);
    std::printf(
        "defences on, %zu prompts, %zu tokens: steepest fall %.2f after %zu, at the hidden "
        "size %.2f\n",
        matrix.size(), columns, knee.ratio, knee.after, values[kHidden - 1] / values[kHidden]);
    EXPECT_LT(knee.ratio, 2.0);
    EXPECT_LT(values[kHidden - 1] / values[kHidden], 1.2);
  }
  EXPECT_NE(metrics().find(R"(nearside_extraction_signs_total{key="app",sign="budget_used_up"} 1)"),
            std::string::npos)
      << metrics();
  EXPECT_NE(
      metrics().find(R"(nearside_extraction_signs_total{key="app",sign="bias_with_logprobs"} 1)"),
      std::string::npos);
}

TEST_F(ExtractionTest, AForcedTokenTellsNothing) {
  node_.start();
  const Reply reply = chat(
      1,
      R"("top_logprobs":0,"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"const":"q"}}})");
  ASSERT_EQ(reply.status, 200) << reply.body;
  const base::json::object body = reply.json();
  const base::json::value& token = body.at("choices").at(0).at("logprobs").at("content").at(0);
  const base::json::object open = chat(1, R"("top_logprobs":20)").json();
  const bool likely = std::any_of(tops(open).begin(), tops(open).end(),
                                  [](const auto& top) { return top.at("token") == "\""; });
  EXPECT_TRUE(likely || token.at("logprob").to_number<double>() == -9999.0) << reply.body;
  EXPECT_TRUE(token.at("top_logprobs").as_array().empty());
}

TEST_F(ExtractionTest, OrdinaryUsersGetWhatTheyAskedForOnTheGrid) {
  node_.start();
  const base::json::object body = chat(5, R"("top_logprobs":3)").json();
  EXPECT_EQ(tops(body).size(), 3U);
  double total = 0;
  for (const auto& top : tops(body)) total += std::exp(top.at("logprob").to_number<double>());
  EXPECT_GT(total, 0.0);
  EXPECT_LE(total, 1.03);
  // The likeliest token was drawn, and is told as such.
  EXPECT_EQ(body.at("choices").at(0).at("logprobs").at("content").at(0).at("logprob"),
            tops(body).at(0).at("logprob"));
}

chat::TokenLogprob token(std::string bytes, float logprob, std::size_t alternatives) {
  chat::TokenLogprob made{std::move(bytes), logprob, {}};
  for (std::size_t i = 0; i < alternatives; ++i)
    made.top.push_back({std::string(1, static_cast<char>('a' + i)), -1.0F - static_cast<float>(i)});
  return made;
}

class LogprobTellerTest : public testing::Test {
 protected:
  std::vector<chat::TokenLogprob> told(std::vector<chat::TokenLogprob> tokens,
                                       std::uint32_t asked = 2, const std::string& caller = "app") {
    LogprobTeller teller(rules_, caller, asked, budgets_, metrics_, clock_);
    teller.tell("device/a", tokens);
    return tokens;
  }
  LogprobRules rules_{.top_max = 3, .grid = 0.5};
  LogprobBudgets budgets_;
  telemetry::Metrics metrics_;
  base::ManualClock clock_{base::WallTime{}};
};

TEST_F(LogprobTellerTest, RoundsAndCaps) {
  const auto out = told({token("b", -2.3F, 5)});
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].logprob, -2.5F);
  EXPECT_EQ(out[0].top.size(), 2U);
}

TEST_F(LogprobTellerTest, ATokenThatIsNotAmongTheLikeliestIsUnlikely) {
  EXPECT_EQ(told({token("d", -4.0F, 5)})[0].logprob, kUnlikely);
  EXPECT_EQ(told({token("c", -3.0F, 5)})[0].logprob, -3.0F);
  EXPECT_NE(metrics_.text().find(R"(sign="unlikely_token"} 1)"), std::string::npos);
}

TEST_F(LogprobTellerTest, TheBudgetCountsADistributionOnceAndEachCallerApart) {
  rules_.distributions_max = 2;
  EXPECT_EQ(told({token("a", -1, 3), token("a", -1, 3), token("a", -1, 2)}).size(), 3U);
  EXPECT_EQ(told({token("b", -2, 3), token("a", -1, 1), token("a", -1, 2)}).size(), 1U);
  EXPECT_FALSE(budgets_.may_ask("app", rules_, clock_.steady()));
  EXPECT_EQ(told({token("a", -1, 1)}, 2, "other").size(), 1U);
  clock_.advance(rules_.window);
  EXPECT_TRUE(budgets_.may_ask("app", rules_, clock_.steady()));
  EXPECT_EQ(told({token("a", -1, 1)}).size(), 1U);
}

}  // namespace
}  // namespace nearside::gateway
