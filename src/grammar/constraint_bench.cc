// What a mask costs on a vocabulary of 128,000 made-up tokens. Bounded by the mask itself (16 KB to
// copy, 0.5 us) where the state was seen before, and by the walk of what may follow otherwise.
#include <string>

#include <benchmark/benchmark.h>

#include "grammar/constraint.h"

namespace nearside::grammar {
namespace {

const char* const kSchema = R"({"type":"object","required":["name","age","tags"],"properties":{
  "name":{"type":"string","maxLength":40},"age":{"type":"integer","minimum":0},
  "tags":{"type":"array","items":{"type":"string","pattern":"^[a-z]+$"}}}})";

/// All bytes, then pieces of letters, digits and JSON's punctuation, like a real vocabulary.
const std::shared_ptr<const Lexicon>& lexicon() {
  static const std::shared_ptr<const Lexicon> instance = [] {
    std::vector<std::string> bytes;
    for (int byte = 0; byte < 256; ++byte) bytes.emplace_back(1, static_cast<char>(byte));
    std::uint64_t random = 1;
    const auto draw = [&](std::uint64_t below) {
      random = mix(random, 1);
      return random % below;
    };
    constexpr std::string_view kLetters = "etaoinshrdlucmfwypvbgkjqxz";
    while (bytes.size() < 128'000) {
      std::string token = draw(2) == 0 ? " " : "";
      for (std::uint64_t length = 2 + draw(7); length > 0; --length)
        token += kLetters[draw(26) * draw(26) / 26];
      if (draw(40) == 0) token += draw(2) == 0 ? "\"," : "\":";
      bytes.push_back(std::move(token));
    }
    bytes.emplace_back();
    return Lexicon::create(bytes, {static_cast<text::TokenId>(bytes.size() - 1)}).value();
  }();
  return instance;
}

void compile(benchmark::State& state) {
  (void)lexicon();
  for (auto _ : state)
    benchmark::DoNotOptimize(Constraint::compile({Spec::Kind::kJsonSchema, kSchema}, lexicon()));
}
BENCHMARK(compile)->Unit(benchmark::kMicrosecond);

/// A whole answer, all masks, byte by byte: of a fresh constraint, and of one that knows it.
void masks(benchmark::State& state) {
  constexpr std::string_view kAnswer = R"({"name": "Ada", "age": 36, "tags": ["math", "code"]})";
  const Spec spec{Spec::Kind::kJsonSchema, kSchema};
  auto constraint = Constraint::compile(spec, lexicon()).value();
  std::vector<std::uint32_t> mask(lexicon()->mask_words());
  for (auto _ : state) {
    if (state.range(0) == 0) constraint = Constraint::compile(spec, lexicon()).value();
    Matcher matcher(constraint);
    for (const char byte : kAnswer) {
      benchmark::DoNotOptimize(matcher.fill_mask(mask).has_value());
      benchmark::DoNotOptimize(matcher.accept(byte));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kAnswer.size()));
}
BENCHMARK(masks)->Arg(0)->Arg(1)->ArgName("known")->Unit(benchmark::kMicrosecond);

void make_lexicon(benchmark::State& state) {
  std::vector<std::string> bytes;
  for (std::size_t i = 0; i < lexicon()->token_count(); ++i)
    bytes.emplace_back(lexicon()->bytes(static_cast<text::TokenId>(i)));
  for (auto _ : state) benchmark::DoNotOptimize(Lexicon::create(bytes, {}));
}
BENCHMARK(make_lexicon)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace nearside::grammar
