// `nearside tokenize`: the ids that a model's own vocabulary gives a text.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/file.h"
#include "cli/commands.h"
#include "gguf/file.h"
#include "text/tokenizer.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string model;
  std::string file = "-";
  bool special = false;
};

base::Result<std::vector<text::TokenId>> tokenize(const Options& options) {
  const gguf::File file = TRY(gguf::File::open(options.model));
  const std::unique_ptr<text::Tokenizer> tokenizer = TRY(text::Tokenizer::from_gguf(file));
  const std::string input = TRY(base::read_file(options.file));
  using Special = text::Tokenizer::Special;
  std::vector<text::TokenId> ids;
  if (options.special && tokenizer->add_bos() && tokenizer->bos() >= 0)
    ids.push_back(tokenizer->bos());
  tokenizer->encode(input, options.special ? Special::kParse : Special::kIgnore, ids);
  if (options.special && tokenizer->add_eos() && tokenizer->eos() >= 0)
    ids.push_back(tokenizer->eos());
  return ids;
}

Exit run(const Options& options) {
  const base::Result<std::vector<text::TokenId>> ids = tokenize(options);
  if (!ids) {
    fmt::print(stderr, "nearside tokenize: {}\n", ids.error().message);
    return Exit::kFailed;
  }
  fmt::print("[{}]\n", fmt::join(*ids, ", "));
  return Exit::kDone;
}

}  // namespace

Run tokenize_text(App& root, App*& command) {
  const auto options = std::make_shared<Options>();  // lives as long as CLI11 may write to it
  command = root.add_subcommand("tokenize", "Prints a text's token ids as a JSON array");
  command->add_option("--model", options->model, "GGUF file whose vocabulary to use")->required();
  command->add_option("--file", options->file, "text to read; - is standard input")
      ->capture_default_str();
  command->add_flag("--special", options->special,
                    "read control tokens written in the text, and add BOS and EOS where the model "
                    "expects them");
  command->footer(
      "Example: echo -n 'Hello world' | nearside tokenize --model models/triage-small.gguf");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
