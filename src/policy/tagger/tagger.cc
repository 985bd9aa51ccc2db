#include "policy/tagger/tagger.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "policy/detectors/scan.h"
#include "policy/tagger/features.h"

namespace nearside::policy {

namespace {

using Scores = std::array<std::int32_t, kTags>;

constexpr std::int32_t kImpossible = std::numeric_limits<std::int32_t>::min() / 4;

/// Long texts are decoded in pieces, so that the memory for the way back stays bounded. A piece
/// ends at a newline or full stop where there is one near.
constexpr std::size_t kPieceWords = 512;

Scores emissions(const TagTable& table, const std::array<std::uint32_t, kFeatures>& rows) {
  std::array<std::int16_t, kTags> sum{};
  for (const std::uint32_t row : rows) {
    const std::int8_t* weights = table.weights + std::size_t{row} * kTags;
    for (std::size_t tag = 0; tag < kTags; ++tag)
      sum[tag] = static_cast<std::int16_t>(sum[tag] + weights[tag]);
  }
  Scores out;
  for (std::size_t tag = 0; tag < kTags; ++tag) out[tag] = sum[tag];
  return out;
}

/// One step of Viterbi over all tags.
void advance(const TagTable& table, const Scores& before, const Scores& emission, Scores& after,
             std::array<std::uint8_t, kTags>& from) {
  Scores best;
  Scores who{};
  for (std::size_t to = 0; to < kTags; ++to) best[to] = before[0] + table.transitions[0][to];
  for (std::size_t tag = 1; tag < kTagsUsed; ++tag) {
    const std::int32_t base = before[tag];
    const auto& row = table.transitions[tag];
    for (std::size_t to = 0; to < kTags; ++to) {
      const std::int32_t score = base + row[to];
      const bool better = score > best[to];
      best[to] = better ? score : best[to];
      who[to] = better ? static_cast<std::int32_t>(tag) : who[to];
    }
  }
  for (std::size_t to = 0; to < kTags; ++to) {
    after[to] = best[to] + emission[to];
    from[to] = static_cast<std::uint8_t>(who[to]);
  }
}

/// In a text that has capitals, an address has one, or a number: "and the motor" is none.
bool has_number_or_capital(std::span<const Word> words) {
  constexpr std::uint8_t kFirstWithoutCapital = 40;  // see shape_of()
  return std::any_of(words.begin(), words.end(),
                     [](const Word& word) { return word.shape < kFirstWithoutCapital; });
}

/// Abbreviations whose full stop belongs to the name.
bool owns_full_stop(std::string_view word) {
  if (word.size() == 1) return word[0] >= 'A' && word[0] <= 'Z';
  constexpr std::string_view kWords[] = {"Ltd", "Inc", "Co", "Corp", "Jr", "Sr", "Mr",
                                         "Mrs", "Ms",  "Dr", "Prof", "St", "u",  "S.A"};
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

}  // namespace

void Tagger::tag(std::span<const Word> words, Workspace& space) const {
  space.tags.resize(words.size());
  if (words.empty()) return;
  const Casing casing = casing_of(words);
  space.from.resize(std::min(words.size(), kPieceWords));
  std::array<std::uint32_t, kFeatures> rows{};
  std::size_t entering = kTags;  // the row of the beginning
  for (std::size_t piece = 0; piece < words.size(); piece += kPieceWords) {
    const std::size_t count = std::min(kPieceWords, words.size() - piece);
    Scores scores{};
    for (std::size_t i = 0; i < count; ++i) {
      features_of(words, piece + i, casing, table_.rows_count, rows);
      const Scores emission = emissions(table_, rows);
      if (i > 0) {
        Scores next;
        advance(table_, scores, emission, next, space.from[i]);
        scores = next;
        continue;
      }
      for (std::size_t tag = 0; tag < kTags; ++tag)
        scores[tag] = emission[tag] + table_.transitions[entering][tag];
    }
    std::size_t tag = static_cast<std::size_t>(
        std::max_element(scores.begin(), scores.begin() + kTagsUsed) - scores.begin());
    entering = tag;
    for (std::size_t i = count; i-- > 0;) {
      space.tags[piece + i] = static_cast<std::uint8_t>(tag);
      if (i > 0) tag = space.from[i][tag];
    }
  }
}

void Tagger::find(std::string_view text, Workspace& space, std::vector<TaggedSpan>& found) const {
  space.words.clear();
  split_words(text, space.words);
  tag(space.words, space);
  const bool mixed = casing_of(space.words) == Casing::kMixed;
  for (std::size_t i = 0; i < space.words.size(); ++i) {
    const std::size_t tag = space.tags[i];
    if (tag == kTagOutside) continue;
    const auto entity = static_cast<Entity>((tag - 1) / 2);
    const Word& first = space.words[i];
    while (i + 1 < space.words.size() && space.tags[i + 1] == inside_tag(entity)) ++i;
    const Word& last = space.words[i];
    if (entity == Entity::kAddress && mixed &&
        !has_number_or_capital(std::span(space.words)
                                   .subspan(static_cast<std::size_t>(&first - space.words.data()),
                                            static_cast<std::size_t>(&last - &first) + 1)))
      continue;
    std::size_t end = last.end;
    if (at(text, end) == '.' && owns_full_stop(text.substr(last.begin, last.end - last.begin)))
      ++end;
    found.push_back({entity, {first.begin, end}});
  }
}

}  // namespace nearside::policy
