// `nearside route train`: makes a quality model from judged answers.
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/packed_file.h"
#include "cli/route.h"
#include "policy/quality/judged_prompts.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string data, out, continue_from;
  policy::QualityTraining training;
  bool json = false;
};

struct Trained {
  std::size_t prompts = 0;
  std::size_t bytes = 0;
  std::map<std::string, std::size_t> judged;
};

base::Result<Trained> train(const Options& options) {
  const std::string content = TRY(read_packed_file(options.data));
  base::Result<std::vector<policy::JudgedPrompt>> prompts = policy::parse_judged_prompts(content);
  if (!prompts) return std::move(prompts).error().with_context(options.data);
  policy::QualityModel model;
  if (options.continue_from.empty()) {
    model = TRY(policy::QualityModel::train(*prompts, options.training));
  } else {
    const std::string before = TRY(base::read_file(options.continue_from));
    model = TRY(policy::QualityModel::parse(before));
    for (const policy::JudgedPrompt& prompt : *prompts)
      for (const auto& [target, score] : prompt.scores)
        TRY(model.learn(prompt.prompt, target, score));
  }
  const std::string file = model.serialize();
  TRY(base::write_file_atomic(options.out, file));
  Trained out{prompts->size(), file.size(), {}};
  for (const policy::JudgedPrompt& prompt : *prompts)
    for (const auto& score : prompt.scores) ++out.judged[score.first];
  return out;
}

Exit run(const Options& options) {
  const base::Result<Trained> trained = train(options);
  if (!trained) {
    fmt::print(stderr, "nearside route train: {}\n", trained.error().message);
    return Exit::kFailed;
  }
  if (options.json) {
    base::json::object judged;
    for (const auto& [target, count] : trained->judged) judged[target] = count;
    fmt::print("{}\n", base::json::serialize(base::json::object{{"prompts", trained->prompts},
                                                                {"bytes", trained->bytes},
                                                                {"judged", std::move(judged)}}));
    return Exit::kDone;
  }
  fmt::print("{}: {} prompts, {} bytes\n", options.out, trained->prompts, trained->bytes);
  for (const auto& [target, count] : trained->judged)
    fmt::print("  {:40} {} judged answers\n", target, count);
  return Exit::kDone;
}

}  // namespace

Run route_train(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command =
      root.add_subcommand("train", "Learns from judged answers which target answers what well");
  command
      ->add_option("--data", options->data,
                   "JSON lines {\"prompt\": text, \"scores\": {target: 0..1}} or {\"prompt\", "
                   "\"target\", \"good\"}, or CSV with columns prompt, target, good; may be gzip")
      ->required();
  command->add_option("--out", options->out, "the model file to write")->required();
  command->add_option("--continue", options->continue_from,
                      "learn on from this model, one step for each judgement");
  command->add_option("--rounds", options->training.rounds, "passes over the data")
      ->capture_default_str();
  command->add_flag("--json", options->json, "one JSON object: prompts, bytes, judged by target");
  command->footer("Example: nearside route train --data judged.jsonl --out quality.model");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
