// Makes the weights that the program carries: trained on sentences, or averaged from weights.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "policy/labelled_text.h"
#include "policy/tagger/training.h"

namespace nearside::policy {
namespace {

base::Status train(const char* sentences, const char* weights, unsigned rounds, double margin,
                   std::uint32_t rows) {
  const std::map<std::string, Entity> entities = {
      {"PERSON", Entity::kPerson},     {"ORGANIZATION", Entity::kOrganization},
      {"LOCATION", Entity::kLocation}, {"ADDRESS", Entity::kAddress},
      {"TITLE", Entity::kTitle},       {"NRP", Entity::kNationality},
      {"DATE_TIME", Entity::kDate}};
  const std::string content = TRY(base::read_file(sentences));
  std::vector<TaggedText> texts;
  for (LabelledText& from : TRY(parse_labelled_texts(content))) {
    TaggedText& to = texts.emplace_back();
    to.text = std::move(from.text);
    for (const TrueSpan& span : from.spans) {
      const auto entity = entities.find(span.type);
      if (entity == entities.end())
        return base::fail(base::Code::kInvalidArgument, "'{}' is no type that the tagger knows",
                          span.type);
      to.spans.push_back({entity->second, span.span});
    }
  }
  TagTraining settings;
  settings.rounds = rounds;
  settings.outside_margin = margin;
  settings.rows_count = rows;
  settings.progress = [](unsigned round, std::size_t wrong, std::size_t all) {
    fmt::print(stderr, "round {}: {} of {} words wrong ({:.2f} %)\n", round, wrong, all,
               100.0 * static_cast<double>(wrong) / static_cast<double>(all));
  };
  const TagTable table = train_tagger(texts, settings);
  return base::write_file_atomic(weights, table.serialize());
}

/// Names are wanted found more than organisations wanted certain: chosen by F2 on the half of the
/// public set that settings are chosen on.
constexpr int kLeanToPerson = 15, kLeanToOrganization = 20;

base::Status average(const char* weights, std::span<char*> from) {
  std::vector<std::string> files;
  for (const char* name : from) files.push_back(TRY(base::read_file(name)));
  std::vector<TagTable> tables;
  for (const std::string& file : files) tables.push_back(TRY(TagTable::parse(file)));
  TagTable table = TRY(average_tables(tables));
  lean_towards(Entity::kPerson, kLeanToPerson, table);
  lean_towards(Entity::kOrganization, kLeanToOrganization, table);
  return base::write_file_atomic(weights, table.serialize());
}

int report(const base::Status& status) {
  if (status) return 0;
  fmt::print(stderr, "train-tagger: {}\n", status.error().message);
  return 1;
}

}  // namespace
}  // namespace nearside::policy

int main(int argc, char** argv) {
  using namespace nearside::policy;  // NOLINT(google-build-using-namespace): a main of few lines
  if (argc > 3 && std::string_view(argv[1]) == "average")
    return report(average(argv[2], std::span(argv + 3, argv + argc)));
  if (argc < 3 || argc > 6) {
    fmt::print(stderr,
               "usage: train-tagger SENTENCES.jsonl WEIGHTS.bin [ROUNDS [MARGIN [ROWS]]]\n"
               "       train-tagger average WEIGHTS.bin TRAINED.bin...\n");
    return 2;
  }
  const unsigned rounds = argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 6;
  const double margin = argc > 4 ? std::atof(argv[4]) : 0;
  const auto rows = static_cast<std::uint32_t>(argc > 5 ? std::atoi(argv[5]) : 1 << 16);
  return report(train(argv[1], argv[2], rounds, margin, rows));
}
