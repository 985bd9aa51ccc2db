// `nearside eval labels`: how well what is found in texts agrees with what is known to be in them.
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/json.h"
#include "cli/eval.h"
#include "cli/packed_file.h"
#include "policy/label_score.h"

namespace nearside::cli {

namespace {

struct Options {
  std::vector<std::string> data;
  std::string half;  // "", "odd" or "even"
  std::string show;
  bool json = false;
};

void show_wrong(const policy::LabelledText& truth, const std::vector<policy::Finding>& findings) {
  policy::LabelScorer scorer;
  scorer.add(truth, findings);
  const policy::Score& score = scorer.any_kind();
  if (score.found == score.wanted && score.right == score.claimed) return;
  std::string line = fmt::format("\n{}\n  known:", truth.text);
  for (const auto& span : truth.spans)
    line += fmt::format(" [{} {}]", span.type,
                        truth.text.substr(span.span.begin, span.span.end - span.span.begin));
  line += "\n  found:";
  for (const auto& finding : findings)
    line += fmt::format(" [{} {}]", finding.detector,
                        truth.text.substr(finding.begin, finding.end - finding.begin));
  fmt::print("{}\n", line);
}

base::Result<policy::LabelScorer> measure(const Options& options) {
  const policy::Labeler labeler = TRY(policy::Labeler::create({}));
  policy::LabelScorer scorer;
  for (const std::string& path : options.data) {
    const std::string content = TRY(read_packed_file(path));
    auto texts = policy::parse_labelled_texts(content);
    if (!texts) return std::move(texts).error().with_context(path);
    for (const policy::LabelledText& text : *texts) {
      const bool odd = text.template_number % 2 != 0;
      if (!options.half.empty() && odd != (options.half == "odd")) continue;
      const std::vector<policy::Finding> findings = TRY(labeler.find(text.text));
      scorer.add(text, findings);
      if (options.show == "wrong") show_wrong(text, findings);
    }
  }
  return scorer;
}

/// Kinds whose form tells them: what a check sum, an issuer or a syntax makes sure of.
constexpr std::array<std::string_view, 10> kStructured = {
    "card", "driver_license", "email", "iban",   "ip",
    "mac",  "phone",          "url",   "us_ssn", "national_id"};

policy::Score structured(const policy::LabelScorer& scorer) {
  policy::Score sum;
  for (const std::string_view kind : kStructured) {
    const auto found = scorer.by_kind().find(std::string(kind));
    if (found == scorer.by_kind().end()) continue;
    sum.wanted += found->second.wanted;
    sum.found += found->second.found;
    sum.claimed += found->second.claimed;
    sum.right += found->second.right;
  }
  return sum;
}

base::json::object to_json(const policy::Score& score) {
  return {{"wanted", score.wanted},         {"found", score.found},     {"claimed", score.claimed},
          {"precision", score.precision()}, {"recall", score.recall()}, {"f2", score.f2()}};
}

void print_row(std::string_view name, const policy::Score& score, std::string_view touched) {
  fmt::print("{:16} {:7} {:9.3f} {:7.3f} {:7.3f} {:>8}\n", name, score.wanted, score.precision(),
             score.recall(), score.f2(), touched);
}

void print(const policy::LabelScorer& scorer, const Options& options) {
  const auto share = [&](const std::string& kind, const policy::Score& score) {
    const auto touched = scorer.touched().find(kind);
    return touched == scorer.touched().end() || score.wanted == 0
               ? 0.0
               : static_cast<double>(touched->second) / static_cast<double>(score.wanted);
  };
  if (options.json) {
    base::json::object object = to_json(scorer.any_kind());
    object["same_type"] = to_json(scorer.same_kind());
    object["structured"] = to_json(structured(scorer));
    base::json::object by_type;
    for (const auto& [kind, score] : scorer.by_kind()) {
      base::json::object row = to_json(score);
      row["touched"] = share(kind, score);
      by_type[kind] = std::move(row);
    }
    object["by_type"] = std::move(by_type);
    fmt::print("{}\n", base::json::serialize(object));
    return;
  }
  fmt::print("{:16} {:>7} {:>9} {:>7} {:>7} {:>8}\n", "kind", "known", "precision", "recall", "F2",
             "touched");
  for (const auto& [kind, score] : scorer.by_kind())
    print_row(kind, score, fmt::format("{:.3f}", share(kind, score)));
  print_row("structured", structured(scorer), "");
  print_row("all, same kind", scorer.same_kind(), "");
  print_row("all, any kind", scorer.any_kind(), "");
}

Exit run(const Options& options) {
  const auto scorer = measure(options);
  if (!scorer) {
    fmt::print(stderr, "nearside eval labels: {}\n", scorer.error().message);
    return Exit::kFailed;
  }
  print(*scorer, options);
  return Exit::kDone;
}

}  // namespace

Run eval_labels(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("labels", "What is found in texts, against what is known of them");
  command
      ->add_option("--data", options->data,
                   "JSON lines {\"text\", \"spans\": [[begin, end, \"TYPE\"], ...], "
                   "\"template_id\" (optional)}, offsets in Unicode code points; may be gzip")
      ->required();
  command
      ->add_option("--half", options->half,
                   "only texts whose template_id is odd, or even (default: all)")
      ->one_of({"odd", "even"});
  command->add_flag_callback(
      "--show-wrong", [options] { options->show = "wrong"; },
      "also print the texts where something is missed or claimed wrongly");
  command->add_flag(
      "--json", options->json,
      "one JSON object: precision, recall, f2 (any type), same_type, structured, by_type");
  command->footer(
      "A finding matches when nine tenths of the letters and digits agree; F2 weighs recall "
      "twice.\n"
      "\"structured\" sums the kinds whose form tells them, from cards to addresses of the net.\n"
      "\"touched\" is the share of entities of which a finding of their kind saw any part.\n"
      "Example: nearside eval labels --data sentences.jsonl.gz --half even --json");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
