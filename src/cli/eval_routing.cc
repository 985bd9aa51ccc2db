// `nearside eval routing`: how well the quality model tells which prompts need the strong model.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "cli/eval.h"
#include "cli/packed_file.h"
#include "policy/quality/judged_prompts.h"
#include "policy/quality/logistic_baseline.h"
#include "policy/quality/routing_score.h"

namespace nearside::cli {

namespace {

constexpr std::size_t kFolds = 5;

struct Options {
  std::string data, train;
  std::string weak = "weak", strong = "strong";
  std::uint64_t seed = 1;
  std::size_t repeats = 1;
  bool json = false;
};

struct Report {
  std::size_t prompts = 0;
  policy::RoutingScore ours, baseline, random, oracle;  // means over the repeats
};

/// How much more likely the strong model's answer is good: ours, and what the baseline says.
struct Gains {
  std::vector<double> ours, baseline;
};

/// The prompts of a file that both models answered, with no others' scores.
base::Result<std::vector<policy::JudgedPrompt>> read(const std::string& path,
                                                     const Options& options) {
  const std::string content = TRY(read_packed_file(path));
  base::Result<std::vector<policy::JudgedPrompt>> all = policy::parse_judged_prompts(content);
  if (!all) return std::move(all).error().with_context(path);
  std::vector<policy::JudgedPrompt> out;
  for (policy::JudgedPrompt& prompt : *all) {
    if (!prompt.scores.contains(options.weak) || !prompt.scores.contains(options.strong)) continue;
    std::erase_if(prompt.scores, [&](const auto& score) {
      return score.first != options.weak && score.first != options.strong;
    });
    out.push_back(std::move(prompt));
  }
  if (out.empty())
    return base::fail(base::Code::kInvalidArgument,
                      "{} has no prompt that both '{}' and '{}' answered", path, options.weak,
                      options.strong);
  return out;
}

/// Ours and the baseline, trained on the same prompts.
class Routers {
 public:
  static base::Result<Routers> train(const std::vector<policy::JudgedPrompt>& prompts) {
    return Routers(TRY(policy::QualityModel::train(prompts, {})),
                   policy::LogisticBaseline::train(prompts));
  }

  void judge(const std::string& prompt, const Options& options, double& ours,
             double& baseline) const {
    const auto estimates = model_.predict(prompt);
    ours =
        estimates.at(options.strong).good_probability - estimates.at(options.weak).good_probability;
    baseline = baseline_.predict(prompt, options.strong) - baseline_.predict(prompt, options.weak);
  }

 private:
  Routers(policy::QualityModel model, policy::LogisticBaseline baseline)
      : model_(std::move(model)), baseline_(std::move(baseline)) {}

  policy::QualityModel model_;
  policy::LogisticBaseline baseline_;
};

/// Without a training file: each fifth is predicted by routers of the other four.
base::Result<Gains> cross_validated(const std::vector<policy::JudgedPrompt>& prompts,
                                    const Options& options, std::uint64_t seed) {
  std::vector<std::size_t> fold(prompts.size());
  for (std::size_t i = 0; i < fold.size(); ++i) fold[i] = i % kFolds;
  std::mt19937_64 random(seed);
  std::shuffle(fold.begin(), fold.end(), random);
  Gains gains{std::vector<double>(prompts.size()), std::vector<double>(prompts.size())};
  for (std::size_t held_out = 0; held_out < kFolds; ++held_out) {
    std::vector<policy::JudgedPrompt> rest;
    for (std::size_t i = 0; i < prompts.size(); ++i)
      if (fold[i] != held_out) rest.push_back(prompts[i]);
    const Routers routers = TRY(Routers::train(rest));
    for (std::size_t i = 0; i < prompts.size(); ++i)
      if (fold[i] == held_out)
        routers.judge(prompts[i].prompt, options, gains.ours[i], gains.baseline[i]);
  }
  return gains;
}

base::Result<Gains> trained_apart(const std::vector<policy::JudgedPrompt>& prompts,
                                  const Options& options) {
  const std::vector<policy::JudgedPrompt> training = TRY(read(options.train, options));
  const Routers routers = TRY(Routers::train(training));
  Gains gains{std::vector<double>(prompts.size()), std::vector<double>(prompts.size())};
  for (std::size_t i = 0; i < prompts.size(); ++i)
    routers.judge(prompts[i].prompt, options, gains.ours[i], gains.baseline[i]);
  return gains;
}

/// Adds one of `count` scores to their mean.
void add(const policy::RoutingScore& one, std::size_t count, policy::RoutingScore& mean) {
  const auto share = 1 / static_cast<double>(count);
  mean.weak = one.weak;
  mean.strong = one.strong;
  mean.apgr += share * one.apgr;
  mean.cpt50 += share * one.cpt50;
  mean.cpt80 += share * one.cpt80;
  mean.cpt95 += share * one.cpt95;
}

base::Result<Report> evaluate(const Options& options) {
  const std::vector<policy::JudgedPrompt> prompts = TRY(read(options.data, options));
  std::vector<policy::PairOutcome> outcomes;
  for (const policy::JudgedPrompt& prompt : prompts)
    outcomes.push_back({prompt.scores.at(options.weak), prompt.scores.at(options.strong)});
  Report report{
      prompts.size(), {}, {}, policy::score_random(outcomes), policy::score_oracle(outcomes)};
  for (policy::RoutingScore* score : {&report.ours, &report.baseline})
    score->cpt50 = score->cpt80 = score->cpt95 = 0;
  // Trained on a file of its own there is nothing to draw again.
  const std::size_t repeats = options.train.empty() ? options.repeats : 1;
  for (std::size_t i = 0; i < repeats; ++i) {
    const Gains gains = options.train.empty()
                            ? TRY(cross_validated(prompts, options, options.seed + i))
                            : TRY(trained_apart(prompts, options));
    add(policy::score_routing(outcomes, gains.ours), repeats, report.ours);
    add(policy::score_routing(outcomes, gains.baseline), repeats, report.baseline);
  }
  return report;
}

base::json::object to_json(const policy::RoutingScore& score) {
  return {
      {"apgr", score.apgr}, {"cpt50", score.cpt50}, {"cpt80", score.cpt80}, {"cpt95", score.cpt95}};
}

void print(const Report& report, const Options& options) {
  if (options.json) {
    base::json::object object = to_json(report.ours);
    object["prompts"] = report.prompts;
    object["weak"] = report.ours.weak;
    object["strong"] = report.ours.strong;
    object["baseline"] = to_json(report.baseline);
    object["random"] = to_json(report.random);
    object["oracle"] = to_json(report.oracle);
    fmt::print("{}\n", base::json::serialize(object));
    return;
  }
  fmt::print("{} prompts; always {}: {:.3f}, always {}: {:.3f}\n", report.prompts, options.weak,
             report.ours.weak, options.strong, report.ours.strong);
  fmt::print("{:9} {:>6} {:>7} {:>7} {:>7}\n", "router", "APGR", "CPT50", "CPT80", "CPT95");
  const auto row = [](std::string_view name, const policy::RoutingScore& score) {
    fmt::print("{:9} {:6.3f} {:6.1f}% {:6.1f}% {:6.1f}%\n", name, score.apgr, 100 * score.cpt50,
               100 * score.cpt80, 100 * score.cpt95);
  };
  row("random", report.random);
  row("baseline", report.baseline);
  row("ours", report.ours);
  row("oracle", report.oracle);
}

Exit run(const Options& options) {
  const base::Result<Report> report = evaluate(options);
  if (!report) {
    fmt::print(stderr, "nearside eval routing: {}\n", report.error().message);
    return Exit::kFailed;
  }
  print(*report, options);
  return Exit::kDone;
}

}  // namespace

Run eval_routing(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand(
      "routing", "Which prompts need the strong model: ours, a baseline, a coin, an oracle");
  command
      ->add_option(
          "--data", options->data,
          "judged prompts, JSON lines or CSV, may be gzip; see `nearside route train --help`")
      ->required();
  command->add_option("--weak", options->weak, "name of the cheap model in the file")
      ->capture_default_str();
  command->add_option("--strong", options->strong, "name of the dear model in the file")
      ->capture_default_str();
  command->add_option("--train", options->train,
                      "train on this file (default: five-fold cross-validation in --data)");
  command->add_option("--seed", options->seed, "how the folds are drawn")->capture_default_str();
  command
      ->add_option("--repeats", options->repeats,
                   "draw the folds so often, from --seed on, and print means")
      ->capture_default_str()
      ->positive();
  command->add_flag("--json", options->json,
                    "one JSON object: apgr, cpt50, cpt80, cpt95, and the same for baseline, "
                    "random, oracle");
  command->footer(
      "APGR: mean share of the gap between both models that is recovered, over all shares of "
      "strong\n"
      "calls; CPTx: least share of strong calls that recovers x percent. The baseline is a "
      "logistic\n"
      "regression on hashed words and pairs, trained on the same folds.\n"
      "Example: nearside eval routing --data queries.jsonl.gz --weak small --strong large --json");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
