// `nearside eval schemas`: how well and how fast JSON schemas constrain a model's vocabulary.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/eval.h"
#include "cli/packed_file.h"
#include "gguf/file.h"
#include "grammar/schema_trial.h"
#include "text/tokenizer.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string model;
  std::string data;
  bool show_wrong = false;
  bool json = false;
};

base::Result<grammar::SchemaTally> evaluate(const Options& options) {
  const std::string content = TRY(read_packed_file(options.data));
  const gguf::File file = TRY(gguf::File::open(options.model));
  const std::unique_ptr<text::Tokenizer> tokenizer = TRY(text::Tokenizer::from_gguf(file));
  const std::shared_ptr<const grammar::Lexicon> lexicon = TRY(grammar::Lexicon::create(*tokenizer));
  const base::SystemClock clock;
  grammar::SchemaTally tally;
  std::size_t line = 1;
  for (std::size_t at = 0; at < content.size(); ++line) {
    const std::size_t end = std::min(content.find('\n', at), content.size());
    const std::string_view record = std::string_view(content).substr(at, end - at);
    at = end + 1;
    if (record.empty()) continue;
    base::Status status = grammar::try_schema(record, *tokenizer, lexicon, clock, tally);
    if (!status)
      return std::move(status).error().with_context(fmt::format("{} line {}", options.data, line));
  }
  return tally;
}

void print(const grammar::SchemaTally& tally, const Options& options) {
  if (options.json) {
    const base::json::object object = {
        {"schemas", tally.schemas},
        {"supported", tally.supported},
        {"valid_accepted", tally.valid_accepted},
        {"valid", tally.valid},
        {"invalid_accepted", tally.invalid_accepted},
        {"invalid", tally.invalid},
        {"masks", tally.mask_us.size()},
        {"mask_us_mean", grammar::mean(tally.mask_us)},
        {"mask_us_p50", grammar::quantile(tally.mask_us, 0.5)},
        {"mask_us_p99", grammar::quantile(tally.mask_us, 0.99)},
        {"compile_us_p50", grammar::quantile(tally.compile_us, 0.5)},
        {"compile_us_p99", grammar::quantile(tally.compile_us, 0.99)}};
    fmt::print("{}\n", base::json::serialize(object));
    return;
  }
  fmt::print("{} of {} schemas supported\n", tally.supported, tally.schemas);
  fmt::print("{} of {} valid instances accepted, {} of {} invalid ones\n", tally.valid_accepted,
             tally.valid, tally.invalid_accepted, tally.invalid);
  fmt::print("mask us: mean {:.1f}, p50 {:.1f}, p99 {:.1f}; compile us: p50 {:.0f}, p99 {:.0f}\n",
             grammar::mean(tally.mask_us), grammar::quantile(tally.mask_us, 0.5),
             grammar::quantile(tally.mask_us, 0.99), grammar::quantile(tally.compile_us, 0.5),
             grammar::quantile(tally.compile_us, 0.99));
  if (!options.show_wrong) return;
  for (const auto& [message, count] : tally.refusals) fmt::print("{:4} {}\n", count, message);
  for (const std::string& wrong : tally.wrong) fmt::print("{}\n", wrong);
}

Exit run(const Options& options) {
  const base::Result<grammar::SchemaTally> tally = evaluate(options);
  if (!tally) {
    fmt::print(stderr, "nearside eval schemas: {}\n", tally.error().message);
    return Exit::kFailed;
  }
  print(*tally, options);
  return Exit::kDone;
}

}  // namespace

Run eval_schemas(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("schemas", "How well and fast JSON schemas constrain an answer");
  command->add_option("--model", options->model, "model file (.gguf); only its vocabulary is read")
      ->required();
  command
      ->add_option("--data", options->data,
                   "JSON lines {\"schema\": {...}, \"tests\": [{\"valid\": bool, \"data\": "
                   "...}]}, also packed with xz or gzip")
      ->required();
  command->add_flag("--show-wrong", options->show_wrong,
                    "also print refused schemas and wrong instances");
  command->add_flag("--json", options->json,
                    "one JSON object: schemas, supported, valid_accepted, valid, "
                    "invalid_accepted, invalid, mask_us_mean, mask_us_p50, mask_us_p99, "
                    "compile_us_p50, ...");
  command->footer(
      "Instances are taken token by token, each with a mask first. An unsupported schema has to be "
      "refused when it is compiled.\n"
      "Example: nearside eval schemas --model model.gguf --data schemas.jsonl.xz --json");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
