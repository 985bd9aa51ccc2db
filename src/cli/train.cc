#include "cli/train.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "cli/train_progress.h"
#include "gguf/tensor_type.h"
#include "train/language.h"
#include "train/loss_curve.h"
#include "train/model_file.h"
#include "train/run.h"

namespace nearside::cli {
namespace {

struct Options {
  std::string arch;
  std::string base;
  std::vector<std::string> data;
  std::string validation;
  std::string out;
  std::string type = "F16";
  std::string precision = "f32";
  std::string name;
  std::string description;
  std::string chat_template;
  std::string checkpoint;
  std::string curve;
  std::size_t steps = 0;
  double epochs = 1;
  std::size_t threads = 0;
  std::size_t vocabulary_records = 50'000;
  train::RunOptions run;
};

base::Result<std::vector<train::ChatRecord>> read_records(const std::string& path) {
  const std::string content = TRY(base::read_file(path, std::size_t{8} << 30));
  base::Result<std::vector<train::ChatRecord>> records = train::parse_chat_records(content);
  if (!records) return std::move(records).error().with_context(path);
  if (records->empty()) return base::fail(base::Code::kInvalidArgument, "{}: no records", path);
  return records;
}

/// What training starts from: fresh weights and a vocabulary learnt from the data, or a model's.
struct Start {
  train::Language language;
  train::ModelShape shape;
  std::vector<float> weights;
};

base::Result<Start> fresh_start(const Options& options,
                                const std::vector<train::ChatRecord>& records) {
  const std::string sizes = TRY(base::read_file(options.arch));
  auto parsed = train::parse_shape(sizes);
  if (!parsed) return std::move(parsed).error().with_context(options.arch);
  train::ModelShape shape = *parsed;
  const std::string chat_template = options.chat_template.empty()
                                        ? std::string(train::kDefaultChatTemplate)
                                        : TRY(base::read_file(options.chat_template));
  // Word counts settle long before millions of records, and counting them all takes time.
  const std::span<const train::ChatRecord> sample =
      std::span(records).first(std::min(records.size(), options.vocabulary_records));
  train::Language language = TRY(train::Language::learn(sample, chat_template, shape.vocabulary));
  shape.vocabulary = language.tokenizer().size();
  std::vector<float> weights = initial_weights(train::Layout(shape), options.run.trainer.seed);
  return Start{std::move(language), shape, std::move(weights)};
}

base::Result<Start> start_from_model(const Options& options) {
  const gguf::File file = TRY(gguf::File::open(options.base));
  const train::ModelShape shape = TRY(train::read_shape(file));
  train::Language language = TRY(train::Language::from_model(file));
  std::vector<float> weights = TRY(train::read_weights(file, train::Layout(shape)));
  return Start{std::move(language), shape, std::move(weights)};
}

base::Status write_curve(const Options& options, const std::vector<train::CurvePoint>& curve) {
  if (options.curve.empty()) return {};
  TRY(base::write_file_atomic(options.curve, train::curve_csv(curve)));
  std::filesystem::path picture = options.curve;
  picture.replace_extension(".svg");
  return base::write_file_atomic(picture.string(), train::curve_svg(curve, options.name));
}

base::Status train_and_write(Options options) {
  const auto type = gguf::tensor_type_by_name(options.type);
  if (options.precision == "bf16") {
    options.run.trainer.products = kernels::sgemm_bf16_kernel();
    if (options.run.trainer.products == nullptr)
      return base::fail(base::Code::kUnsupported,
                        "this processor has no AVX512_BF16; use --precision f32");
  }
  std::vector<train::ChatRecord> records;
  for (const std::string& path : options.data) {
    auto more = TRY(read_records(path));
    std::move(more.begin(), more.end(), std::back_inserter(records));
  }
  Start start =
      options.base.empty() ? TRY(fresh_start(options, records)) : TRY(start_from_model(options));
  const std::vector<train::Example> examples =
      TRY(start.language.encode(records, start.shape.context));
  std::vector<train::Example> validation;
  if (!options.validation.empty()) {
    const auto held_back = TRY(read_records(options.validation));
    validation = TRY(start.language.encode(held_back, start.shape.context));
  }
  records.clear();
  records.shrink_to_fit();

  train::AdamWOptions& adamw = options.run.trainer.adamw;
  adamw.steps = options.steps;
  if (adamw.steps == 0)
    adamw.steps = std::max<std::size_t>(
        1, static_cast<std::size_t>(options.epochs * static_cast<double>(examples.size()) /
                                    static_cast<double>(options.run.trainer.batch)));
  if (!options.checkpoint.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.checkpoint, error);
    if (error)
      return base::fail(base::Code::kIo, "cannot make the folder {}: {}", options.checkpoint,
                        error.message());
    options.run.checkpoint_path =
        (std::filesystem::path(options.checkpoint) / "training.checkpoint").string();
  }
  const train::Layout layout(start.shape);
  std::size_t tokens = 0;
  for (const train::Example& example : examples) tokens += example.tokens.size();
  fmt::print(stderr,
             "{} weights, {} tokens in the vocabulary; {} examples of {} tokens on average; "
             "{} steps of {} on {} threads\n",
             layout.size, start.shape.vocabulary, examples.size(), tokens / examples.size(),
             adamw.steps, options.run.trainer.batch, options.threads);

  base::ThreadPool pool(options.threads);
  const base::SystemClock clock;
  ProgressPrinter printer;
  const auto result =
      train::run_training(layout, std::move(start.weights), examples, validation, options.run, pool,
                          clock, [&](const train::Progress& progress) { printer.show(progress); });
  printer.finish();
  if (!result) return result.error();
  TRY(write_curve(options, result->curve));

  gguf::Writer writer;
  train::add_model(layout, result->weights, *type,
                   {options.name, options.description, "apache-2.0"}, writer);
  start.language.describe(writer);
  TRY(writer.write(options.out));
  fmt::print(stderr, "wrote {} after {} of training\n", options.out, clock_text(result->seconds));
  if (result->validation)
    fmt::print(stderr, "validation: loss {:.4f}, {} of {} exactly right\n",
               result->validation->loss, result->validation->exact, result->validation->examples);
  return {};
}

Exit run(const Options& options) {
  const base::Status status = train_and_write(options);
  if (status) return Exit::kDone;
  fmt::print(stderr, "nearside train: {}\n", status.error().message);
  return Exit::kFailed;
}

void declare_schedule(App& app, Options& options) {
  train::TrainerOptions& trainer = options.run.trainer;
  auto* steps = app.add_option("--steps", options.steps, "optimiser steps")->positive();
  app.add_option("--epochs", options.epochs, "passes over the data, instead of --steps (1)")
      ->positive()
      ->excludes(steps);
  app.add_option("--stop-after", options.run.stop_after,
                 "end after so many steps of the schedule, to train on with --base");
  app.add_option("--batch", trainer.batch, "chats in a step (64)")->within(1, 65536);
  app.add_option("--shards", trainer.shards, "parts of a batch that threads share out (8)")
      ->within(1, 256);
  app.add_option("--lr", trainer.adamw.rate_max, "highest learning rate (0.002)")->positive();
  app.add_option("--warmup", trainer.adamw.warmup_steps, "steps to reach it (100)");
  app.add_option("--weight-decay", trainer.adamw.weight_decay, "of matrices (0.05)")
      ->not_negative();
  app.add_option("--clip", trainer.adamw.gradient_norm_max, "largest gradient norm (1)")
      ->positive();
  app.add_option("--precision", options.precision,
                 "of products: f32, or bf16 where the processor has it, which is faster (f32)")
      ->one_of({"f32", "bf16"});
  app.add_option("--seed", trainer.seed, "of fresh weights and of the order of the data (1)");
}

}  // namespace

Run train(App& root, App*& command) {
  const auto options = std::make_shared<Options>();  // lives as long as CLI11 may write to it
  options->threads = std::max(1U, std::thread::hardware_concurrency());
  command = root.add_subcommand("train", "Learns a small model from chats, on the CPU");
  auto* start = command->add_option_group("start", "what training starts from");
  start->add_option("--arch", options->arch, "sizes of a fresh model, a JSON file")
      ->existing_file();
  start->add_option("--base", options->base, "model file to go on from")->existing_file();
  start->require_option(1);
  command->add_option("--data", options->data, "chats to learn, JSONL; may be given again")
      ->required();
  command->add_option("--validation", options->validation, "chats to measure with, JSONL");
  command->add_option("--out", options->out, "model file to write")->required();
  command->add_option("--type", options->type, "of its matrices: F32, F16, BF16 or Q8_0 (F16)")
      ->one_of({"F32", "F16", "BF16", "Q8_0"}, Option::Case::kIgnored);
  command->add_option("--name", options->name, "the model's name");
  command->add_option("--description", options->description, "what it is for");
  command->add_option("--template", options->chat_template, "chat template (ChatML), Jinja")
      ->existing_file();
  command->add_option("--vocabulary-records", options->vocabulary_records,
                      "how many records a fresh vocabulary is learnt from (50000)");
  declare_schedule(*command, *options);
  command->add_option("--threads", options->threads, "threads (all); changes time, not the result")
      ->within(1, 1024);
  command->add_option("--checkpoint", options->checkpoint,
                      "folder for checkpoints; a run that finds one goes on from it");
  command->add_option("--checkpoint-every", options->run.checkpoint_every, "steps (200)")
      ->positive();
  command->add_option("--validate-every", options->run.validate_every, "steps (500)")->positive();
  command->add_option("--report-every", options->run.report_every, "steps (20)")->positive();
  command->add_option("--curve", options->curve,
                      "CSV file for the loss curve, and an SVG beside it");
  command->footer(
      "Example: nearside train --arch examples/triage/small.json --data train.jsonl "
      "--validation validation.jsonl --epochs 1 --checkpoint run --out triage-small.gguf");
  return [options] {
    if (options->name.empty()) options->name = std::filesystem::path(options->out).stem().string();
    return run(*options);
  };
}

}  // namespace nearside::cli
