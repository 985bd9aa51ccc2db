// Label time of prompts of 1 KiB and 32 KiB (about 8,000 tokens), and of hostile ones.
#include <string>

#include <benchmark/benchmark.h>

#include "policy/label.h"

namespace nearside::policy {
namespace {

/// An ordinary message of a plant, with a few numbers and an address in each KiB.
std::string prompt(std::size_t bytes) {
  constexpr std::string_view kText =
      "Conveyor C-42 in hall 2 stopped at 10:45 on 2024-03-18 after 1,204,551 cycles; motor M7 "
      "drew 12.4 A at 398 V "
      "and the gearbox reads 92.5 degrees. Order 4500123456, part 0815-123456, batch 20240318-7. "
      "Please send someone "
      "with a spare belt (art. 7781-22), and tell the shift lead. Am Förderband steht noch Ware, "
      "Palette "
      "00340123450000000014, bitte vor 14:00 Uhr umlagern. The last inspection found nothing on "
      "the drive end, but the "
      "tension roller was noisy. Contact shift.lead@plant.example or the control room on +49 30 "
      "1234567 when done. ";
  std::string text;
  while (text.size() < bytes) text += kText;
  text.resize(bytes);
  return text;
}

void run(benchmark::State& state, const std::string& text) {
  LabelRules rules;
  rules.words = {{"project",
                  Sensitivity::kConfidential,
                  {},
                  {"Project Nightingale", "Werk Süd", "Rezeptur*"}}};
  const Labeler labeler = *Labeler::create(rules);
  const Conversation conversation = Conversation::of(text);
  std::size_t findings = 0;
  for (auto _ : state) findings = labeler.label(conversation)->findings_count;
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  state.counters["findings"] = static_cast<double>(findings);
}

void BM_Label1KiB(benchmark::State& state) { run(state, prompt(1024)); }
void BM_Label32KiB(benchmark::State& state) { run(state, prompt(32 * 1024)); }
/// The slowest of what is repeated to fill 32 KiB: each byte or two begin a word or a number.
void BM_Label32KiBHostile(benchmark::State& state, std::string_view part) {
  std::string text;
  while (text.size() < 32 * 1024) text += part;
  run(state, text);
}
/// The same 32 KiB again, as a follow-up has them.
void BM_Label32KiBRemembered(benchmark::State& state) {
  const Labeler labeler = *Labeler::create({}, {{1, 2}, 1U << 20});
  const std::string text = prompt(32 * 1024);
  const Conversation conversation = Conversation::of(text);
  for (auto _ : state) benchmark::DoNotOptimize(labeler.label(conversation)->findings_count);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
void BM_CreateLabeler(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Labeler::create({}));
}
BENCHMARK(BM_Label1KiB)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Label32KiB)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, digits, "0")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, cards, "4111 1111 12 ")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, numbers, "1 2 3 4 ")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, dots, "1.")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, colons, "1:")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, slashes, "1/")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, lines, "1\n")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, hosts, "www.")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, hashes, "$2a$")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, signs, "a@a ")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_Label32KiBHostile, capitals, "A B C ")->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_Label32KiBRemembered)->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_CreateLabeler)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace nearside::policy
