// `nearside eval task`: how many answers of a model are exactly right.
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/eval.h"
#include "cli/local_model.h"
#include "cli/task_records.h"

namespace nearside::cli {

namespace {

constexpr std::size_t kSequences = 8;  // answered at once
constexpr std::size_t kRecordsShown = 5;

struct Options {
  ModelOptions model;
  std::string data;
  std::uint32_t tokens_max = 256;
  std::size_t records_max = 0;  // 0: all
  bool show_wrong = false;
  bool json = false;
};

struct Tally {
  std::size_t count = 0;
  std::size_t correct = 0;
  [[nodiscard]] double accuracy() const {
    return count == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(count);
  }
};

struct Report {
  Tally all;
  std::map<std::string, Tally> groups;
  std::vector<std::pair<TaskRecord, std::string>> wrong;  // the first kRecordsShown
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

chat::Request to_request(const TaskRecord& record, bool has_chat_template,
                         std::uint32_t tokens_max) {
  chat::Request request;
  request.sampling.temperature = 0.0F;
  request.completion_tokens_max = tokens_max;
  if (record.messages.empty() && !has_chat_template) {
    request.kind = chat::Request::Kind::kCompletion;
    request.prompt = record.input;
    return request;
  }
  request.kind = chat::Request::Kind::kChat;
  request.messages = record.messages;
  if (request.messages.empty())
    request.messages.push_back(base::json::object{{"role", "user"}, {"content", record.input}});
  return request;
}

/// Every answer, in the order of the records.
base::Result<std::vector<std::string>> answer(engine::Engine& engine,
                                              const std::vector<TaskRecord>& records,
                                              const Options& options) {
  const bool progress = !options.json && ::isatty(STDERR_FILENO) == 1;
  std::vector<std::string> answers(records.size());
  std::size_t submitted = 0;
  std::size_t done = 0;
  base::Status failed;
  const engine::Engine::Sink sink = [&](engine::RequestId id, chat::Event event) {
    if (auto* delta = std::get_if<chat::TextDelta>(&event)) {
      answers[id].append(delta->text);
      return;
    }
    if (auto* failure = std::get_if<chat::Failed>(&event)) failed = std::move(failure->error);
    ++done;
  };
  while (done < records.size()) {
    for (; submitted < records.size() && submitted < done + kSequences; ++submitted) {
      const chat::Request request =
          to_request(records[submitted], engine.info().has_chat_template, options.tokens_max);
      base::Status status = engine.submit(submitted, request);
      if (!status)
        return std::move(status).error().with_context(fmt::format("record {}", submitted + 1));
    }
    engine.step(sink);
    TRY(std::move(failed));
    if (progress) fmt::print(stderr, "\r{}/{}", done, records.size());
  }
  if (progress) fmt::print(stderr, "\r{:20}\r", "");
  return answers;
}

base::Result<Report> evaluate(const Options& options) {
  const std::string content = TRY(base::read_file(options.data));
  base::Result<std::vector<TaskRecord>> parsed = parse_task_records(content);
  if (!parsed) return std::move(parsed).error().with_context(options.data);
  std::vector<TaskRecord> records = std::move(*parsed);
  if (options.records_max != 0 && records.size() > options.records_max)
    records.resize(options.records_max);
  const base::SystemClock clock;
  const std::unique_ptr<engine::Engine> engine = TRY(load_engine(options.model, kSequences, clock));
  const std::vector<std::string> answers = TRY(answer(*engine, records, options));

  Report report;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool right = trimmed(answers[i]) == trimmed(records[i].expected);
    for (Tally* tally : {&report.all, &report.groups[records[i].group]}) {
      ++tally->count;
      if (right) ++tally->correct;
    }
    if (!right && report.wrong.size() < kRecordsShown)
      report.wrong.emplace_back(records[i], answers[i]);
  }
  return report;
}

base::json::object to_json(const Tally& tally) {
  return {{"count", tally.count}, {"correct", tally.correct}, {"accuracy", tally.accuracy()}};
}

void print(const Report& report, const Options& options) {
  if (options.json) {
    base::json::object object = to_json(report.all);
    base::json::object by_language;
    for (const auto& [name, tally] : report.groups)
      if (!name.empty()) by_language[name] = to_json(tally);
    object["by_language"] = std::move(by_language);
    fmt::print("{}\n", base::json::serialize(object));
    return;
  }
  fmt::print("{} of {} exactly right: {:.1f} %\n", report.all.correct, report.all.count,
             100.0 * report.all.accuracy());
  for (const auto& [name, tally] : report.groups)
    if (!name.empty())
      fmt::print("  {:8} {} of {}: {:.1f} %\n", name, tally.correct, tally.count,
                 100.0 * tally.accuracy());
  if (!options.show_wrong) return;
  for (const auto& [record, given] : report.wrong)
    fmt::print("\nasked    {}\nexpected {}\nanswered {}\n",
               record.messages.empty() ? record.input : base::json::serialize(record.messages),
               record.expected, given);
}

Exit run(const Options& options) {
  const base::Result<Report> report = evaluate(options);
  if (!report) {
    fmt::print(stderr, "nearside eval task: {}\n", report.error().message);
    return Exit::kFailed;
  }
  print(*report, options);
  return Exit::kDone;
}

}  // namespace

Run eval_task(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("task", "How many answers are exactly right, overall and by group");
  add_model_options(*command, options->model);
  command
      ->add_option(
          "--data", options->data,
          "JSON lines {\"messages\": [...] or \"input\": text, \"expected\": text, "
          "\"language\" or \"group\": text (optional)}; an input is one user message where "
          "the model has a chat template, else a text to continue")
      ->required();
  command->add_option("-n,--tokens", options->tokens_max, "tokens of an answer at most")
      ->capture_default_str();
  command->add_option("--limit", options->records_max, "records asked at most (default: all)");
  command->add_flag("--show-wrong", options->show_wrong, "also print the first wrong answers");
  command->add_flag("--json", options->json,
                    "one JSON object: count, correct, accuracy, by_language");
  command->footer(
      "Answers are the likeliest tokens; white space around them does not count.\n"
      "Example: nearside eval task --model models/triage-small.gguf --data held-out.jsonl --json");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
