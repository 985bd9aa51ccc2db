#include "policy/tagger/features.h"

namespace nearside::policy {

namespace {

/// A neighbour outside the text.
constexpr Word kOutside = [] {
  Word word;
  word.lower = word.prefix = word.suffix2 = word.suffix3 = word.suffix4 = 0x9E3779B9U;
  word.shape = kShapes - 1;
  return word;
}();

std::uint32_t mix(std::uint32_t a, std::uint32_t b) {
  std::uint32_t h = (a ^ (b * 0x85EBCA6BU)) * 0xC2B2AE35U;
  return h ^ (h >> 15U);
}

}  // namespace

Casing casing_of(std::span<const Word> words) {
  std::size_t lower = 0, upper = 0;
  for (const Word& word : words) {
    if (word.shape >= 48) ++lower;
    if (word.shape >= 16 && word.shape < 40) {
      // Single capitals begin sentences and initials: they tell nothing.
      if (word.shape >= 17) ++upper;
      if (word.shape >= 32) lower += 1000;  // Capitalised words: an ordinary text
    }
  }
  if (lower >= 1000) return Casing::kMixed;
  if (upper == 0) return Casing::kLower;
  return lower == 0 ? Casing::kUpper : Casing::kMixed;
}

void features_of(std::span<const Word> words, std::size_t index, Casing casing,
                 std::uint32_t rows_count, std::array<std::uint32_t, kFeatures>& rows) {
  const auto neighbour = [&](std::size_t back, std::size_t ahead) -> const Word& {
    if (back > index || index + ahead - back >= words.size()) return kOutside;
    return words[index + ahead - back];
  };
  const Word& word = words[index];
  const Word& p1 = neighbour(1, 0);
  const Word& p2 = neighbour(2, 0);
  const Word& n1 = neighbour(0, 1);
  const Word& n2 = neighbour(0, 2);
  // Case tells nothing in a text of one case: shapes are kept apart there.
  const std::uint32_t mood = static_cast<std::uint32_t>(casing) << 16U;
  const std::uint32_t shape = mood | word.shape;
  const std::uint32_t shape_p1 = mood | p1.shape;
  const std::uint32_t shape_n1 = mood | n1.shape;
  const auto gap = static_cast<std::uint32_t>(word.gap);
  const auto gap_after = static_cast<std::uint32_t>(n1.gap);
  const std::uint32_t gaps = gap * 16 + gap_after;

  const std::uint32_t values[kFeatures] = {
      word.lower,
      mix(word.lower, shape),
      p1.lower,
      n1.lower,
      mix(p1.lower, word.lower),
      mix(word.lower, n1.lower),
      p2.lower,
      n2.lower,
      word.prefix,
      word.suffix2,
      word.suffix3,
      word.suffix4,
      mix(shape, gaps),
      mix(shape_p1 * 64 + word.shape, gaps),
      mix(shape * 64 + n1.shape, gaps),
      mix(shape_p1 * 4096 + word.shape * 64 + n1.shape, p2.shape),
      mix(word.suffix3, shape),
      mix(p1.lower, shape * 16 + gap),
      mix(n1.lower, shape * 16 + gap_after),
      mix(p2.lower, p1.lower) + word.shape,
      mix(n1.lower, n2.lower) + word.shape,
      mix(p1.suffix3, word.suffix3),
      mix(word.suffix3, n1.suffix3),
      mix(shape_n1 * 64 + n2.shape, word.lower),
  };
  for (std::uint32_t i = 0; i < kFeatures; ++i) {
    const std::uint32_t hash = mix(values[i], (i + 1) * 0x9E3779B9U);
    rows[i] = static_cast<std::uint32_t>((std::uint64_t{hash} * rows_count) >> 32U);
  }
}

}  // namespace nearside::policy
