#include "policy/tagger/tagger.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "policy/detectors/scan.h"
#include "policy/tagger/features.h"

namespace nearside::policy {

namespace {

/// What speaks for each tag of a word, less what speaks for "outside". Sixteen bits, so that one
/// operation of the processor does eight tags: the best is at most two emissions and two
/// transitions ahead, for "outside" may follow whatever was the best before.
using Scores = std::array<std::int16_t, kTags>;

constexpr int kEmissionMax = 127 * static_cast<int>(kFeatures);

/// A tag so far behind never catches up: a path that begins its entity anew loses no more than four
/// transitions and two emissions to it. All such are equal, and sums stay above the least number.
constexpr int kHopeless = -12'000;
static_assert(4 * kTransitionMax + 2 * kEmissionMax < -kHopeless);
static_assert(kHopeless + kTransitionForbidden > std::numeric_limits<std::int16_t>::min());
static_assert(kTransitionForbidden < kHopeless - kTransitionMax);

/// Long texts are decoded in pieces, so that the memory for the way back stays bounded. A piece
/// ends at a newline or full stop where there is one near.
constexpr std::size_t kPieceWords = 512;

Scores emissions(const TagTable& table, const std::array<std::uint32_t, kFeatures>& rows) {
  Scores sum{};
  for (const std::uint32_t row : rows) {
    const std::int8_t* weights = table.weights + std::size_t{row} * kTags;
    for (std::size_t tag = 0; tag < kTags; ++tag)
      sum[tag] = static_cast<std::int16_t>(sum[tag] + weights[tag]);
  }
  return sum;
}

void level(Scores& scores) {
  const std::int16_t outside = scores[kTagOutside];
  for (std::int16_t& score : scores)
    score =
        std::max(static_cast<std::int16_t>(score - outside), static_cast<std::int16_t>(kHopeless));
}

/// One step of Viterbi over all tags. Which tag was before is found on the way back, for one tag a
/// word.
Scores advance(const TagTransitions& transitions, const Scores& before, const Scores& emission) {
  Scores after;
  for (std::size_t to = 0; to < kTags; ++to)
    after[to] = static_cast<std::int16_t>(before[0] + transitions[0][to]);
  for (std::size_t tag = 1; tag < kTagsUsed; ++tag) {
    const std::int16_t base = before[tag];
    const auto& row = transitions[tag];
    for (std::size_t to = 0; to < kTags; ++to)
      after[to] = std::max(after[to], static_cast<std::int16_t>(base + row[to]));
  }
  for (std::size_t to = 0; to < kTags; ++to)
    after[to] = static_cast<std::int16_t>(after[to] + emission[to]);
  level(after);
  return after;
}

/// The tag before `to` on the best path; the first of equals.
std::size_t best_before(const TagTransitions& transitions, const Scores& before, std::size_t to) {
  std::size_t best = 0;
  int most = before[0] + transitions[0][to];
  for (std::size_t tag = 1; tag < kTagsUsed; ++tag) {
    const int score = before[tag] + transitions[tag][to];
    best = score > most ? tag : best;
    most = std::max(most, score);
  }
  return best;
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
  space.scores.resize(std::min(words.size(), kPieceWords));
  std::array<std::uint32_t, kFeatures> rows{};
  std::size_t entering = kTags;  // the row of the beginning
  for (std::size_t piece = 0; piece < words.size(); piece += kPieceWords) {
    const std::size_t count = std::min(kPieceWords, words.size() - piece);
    for (std::size_t i = 0; i < count; ++i) {
      features_of(words, piece + i, casing, table_.rows_count, rows);
      const Scores emission = emissions(table_, rows);
      if (i > 0) {
        space.scores[i] = advance(table_.transitions, space.scores[i - 1], emission);
        continue;
      }
      for (std::size_t tag = 0; tag < kTags; ++tag)
        space.scores[0][tag] =
            static_cast<std::int16_t>(emission[tag] + table_.transitions[entering][tag]);
      level(space.scores[0]);
    }
    const Scores& last = space.scores[count - 1];
    std::size_t tag = static_cast<std::size_t>(
        std::max_element(last.begin(), last.begin() + kTagsUsed) - last.begin());
    entering = tag;
    for (std::size_t i = count; i-- > 0;) {
      space.tags[piece + i] = static_cast<std::uint8_t>(tag);
      if (i > 0) tag = best_before(table_.transitions, space.scores[i - 1], tag);
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
