// `nearside eval routing`: how well the quality model tells which prompts need the strong model.
#include <cstdio>
#include <memory>
#include <numeric>
#include <random>
#include <string>

#include <fmt/format.h>

#include "base/json.h"
#include "cli/eval.h"
#include "cli/packed_file.h"
#include "policy/quality/judged_prompts.h"
#include "policy/quality/routing_score.h"

namespace nearside::cli {

namespace {

constexpr std::size_t kFolds = 5;

struct Options {
  std::string data, train;
  std::string weak = "weak", strong = "strong";
  std::uint64_t seed = 1;
  bool json = false;
};

struct Report {
  std::size_t prompts = 0;
  policy::RoutingScore ours, random, oracle;
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

double gain(const policy::QualityModel& model, const std::string& prompt, const Options& options) {
  const auto estimates = model.predict(prompt);
  return estimates.at(options.strong).good_probability -
         estimates.at(options.weak).good_probability;
}

/// Without a training file: each fifth is predicted by a model of the other four.
base::Result<std::vector<double>> cross_validated(const std::vector<policy::JudgedPrompt>& prompts,
                                                  const Options& options) {
  std::vector<std::size_t> fold(prompts.size());
  for (std::size_t i = 0; i < fold.size(); ++i) fold[i] = i % kFolds;
  std::mt19937_64 random(options.seed);
  std::shuffle(fold.begin(), fold.end(), random);
  std::vector<double> gains(prompts.size());
  for (std::size_t held_out = 0; held_out < kFolds; ++held_out) {
    std::vector<policy::JudgedPrompt> rest;
    for (std::size_t i = 0; i < prompts.size(); ++i)
      if (fold[i] != held_out) rest.push_back(prompts[i]);
    const policy::QualityModel model = TRY(policy::QualityModel::train(rest, {}));
    for (std::size_t i = 0; i < prompts.size(); ++i)
      if (fold[i] == held_out) gains[i] = gain(model, prompts[i].prompt, options);
  }
  return gains;
}

base::Result<std::vector<double>> trained_apart(const std::vector<policy::JudgedPrompt>& prompts,
                                                const Options& options) {
  const std::vector<policy::JudgedPrompt> training = TRY(read(options.train, options));
  const policy::QualityModel model = TRY(policy::QualityModel::train(training, {}));
  std::vector<double> gains;
  for (const policy::JudgedPrompt& prompt : prompts)
    gains.push_back(gain(model, prompt.prompt, options));
  return gains;
}

base::Result<Report> evaluate(const Options& options) {
  const std::vector<policy::JudgedPrompt> prompts = TRY(read(options.data, options));
  const std::vector<double> gains = options.train.empty() ? TRY(cross_validated(prompts, options))
                                                          : TRY(trained_apart(prompts, options));
  std::vector<policy::PairOutcome> outcomes;
  for (const policy::JudgedPrompt& prompt : prompts)
    outcomes.push_back({prompt.scores.at(options.weak), prompt.scores.at(options.strong)});
  return Report{prompts.size(), policy::score_routing(outcomes, gains),
                policy::score_random(outcomes), policy::score_oracle(outcomes)};
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
    object["random"] = to_json(report.random);
    object["oracle"] = to_json(report.oracle);
    fmt::print("{}\n", base::json::serialize(object));
    return;
  }
  fmt::print("{} prompts; always {}: {:.3f}, always {}: {:.3f}\n", report.prompts, options.weak,
             report.ours.weak, options.strong, report.ours.strong);
  fmt::print("{:8} {:>6} {:>7} {:>7} {:>7}\n", "router", "APGR", "CPT50", "CPT80", "CPT95");
  const auto row = [](std::string_view name, const policy::RoutingScore& score) {
    fmt::print("{:8} {:6.3f} {:6.1f}% {:6.1f}% {:6.1f}%\n", name, score.apgr, 100 * score.cpt50,
               100 * score.cpt80, 100 * score.cpt95);
  };
  row("random", report.random);
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
  command = root.add_subcommand("routing",
                                "Which prompts need the strong model: ours, a coin, an oracle");
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
  command->add_flag("--json", options->json,
                    "one JSON object: apgr, cpt50, cpt80, cpt95, and the same for random, oracle");
  command->footer(
      "APGR: mean share of the gap between both models that is recovered, over all shares of "
      "strong\n"
      "calls; CPTx: least share of strong calls that recovers x percent.\n"
      "Example: nearside eval routing --data queries.jsonl.gz --weak small --strong large --json");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
