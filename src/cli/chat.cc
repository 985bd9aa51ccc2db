// `nearside chat`: a conversation in the terminal.
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/local_model.h"

namespace nearside::cli {

namespace {

struct Options {
  ModelOptions model;
  SamplingOptions sampling;
  std::string system;
  std::string prompt;
};

/// The messages so far, and one engine to answer them.
class Conversation {
 public:
  Conversation(engine::Engine& engine, const Options& options, const base::Clock& clock)
      : engine_(engine), options_(options), clock_(clock) {
    clear();
  }

  /// Forgets all but the system message.
  void clear() {
    messages_.clear();
    if (!options_.system.empty()) add("system", options_.system);
  }

  /// Answers, streaming to standard output. On an error the conversation is as before.
  base::Status turn(const std::string& text) {
    add("user", text);
    chat::Request request;
    request.kind = chat::Request::Kind::kChat;
    request.messages = messages_;
    apply(options_.sampling, request);
    apply(options_.model, request);
    std::string answer;
    base::Result<Speed> speed = generate(engine_, request, clock_, [&](std::string_view piece) {
      answer.append(piece);
      fmt::print("{}", piece);
      std::fflush(stdout);
    });
    if (!speed) {
      messages_.pop_back();
      return std::move(speed).error();
    }
    add("assistant", answer);
    fmt::print("\n");
    std::fflush(stdout);
    fmt::print(stderr, "[{}]\n", describe(*speed));
    return {};
  }

 private:
  void add(std::string_view role, std::string_view content) {
    messages_.push_back(base::json::object{{"role", role}, {"content", content}});
  }

  engine::Engine& engine_;
  const Options& options_;
  const base::Clock& clock_;
  base::json::array messages_;
};

/// Reads turns until end of input. Errors of one turn are told and the next one may go better.
void converse(Conversation& conversation) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  if (terminal) fmt::print(stderr, "/clear forgets the conversation, /exit or Ctrl-D ends it.\n");
  std::string line;
  while (true) {
    if (terminal) fmt::print(stderr, "> ");
    if (!std::getline(std::cin, line) || line == "/exit") return;
    if (line.empty()) continue;
    if (line == "/clear") {
      conversation.clear();
      continue;
    }
    const base::Status answered = conversation.turn(line);
    if (!answered) fmt::print(stderr, "nearside chat: {}\n", answered.error().message);
  }
}

base::Status start(const Options& options) {
  const base::SystemClock clock;
  const std::unique_ptr<engine::Engine> engine = TRY(load_engine(options.model, 1, clock));
  if (!engine->info().has_chat_template)
    return base::fail(base::Code::kInvalidArgument,
                      "{} has no chat template; use `nearside run` to continue a text",
                      options.model.path);
  Conversation conversation(*engine, options, clock);
  if (!options.prompt.empty()) return conversation.turn(options.prompt);
  converse(conversation);
  return {};
}

}  // namespace

Run chat(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("chat", "Talks with a model in the terminal");
  add_model_options(*command, options->model);
  command->add_option("-p,--prompt", options->prompt, "say this one thing, then exit");
  command->add_option("--system", options->system, "system message");
  add_sampling_options(*command, options->sampling);
  command->footer("Example: nearside chat --model models/triage-small.gguf --temp 0");
  return [options] {
    const base::Status done = start(*options);
    if (done) return Exit::kDone;
    fmt::print(stderr, "nearside chat: {}\n", done.error().message);
    return Exit::kFailed;
  };
}

}  // namespace nearside::cli
