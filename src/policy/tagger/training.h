// Trains the tagger's weights: an averaged structured perceptron.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "policy/tagger/tagger.h"

namespace nearside::policy {

/// A text and what is in it, in bytes, without overlaps, in order.
struct TaggedText {
  std::string text;
  std::vector<TaggedSpan> spans;
};

struct TagTraining {
  std::uint32_t rows_count = 1U << 16U;  // 1 MiB of weights: fits a core's second-level cache
  unsigned rounds = 6;
  std::uint64_t seed = 1;     // order of the texts
  double outside_margin = 0;  // training handicaps "outside" the other way by this: more recall
  /// Share of words whose letters are hidden while training, so that words which are in no list are
  /// judged by what stands around them.
  double hidden_share = 0.12;
  /// Told after each round: its number and how many words of how many were tagged wrongly.
  std::function<void(unsigned, std::size_t, std::size_t)> progress;
};

/// Source: Collins, "Discriminative Training Methods for Hidden Markov Models" (2002), with the
/// averaging of Daume's thesis (2006, 2.1.1). Equal arguments give equal tables.
TagTable train_tagger(const std::vector<TaggedText>& texts, const TagTraining& settings);

/// The mean of tables that were trained on other sentences or in another order: what one of them
/// picked up by chance weighs less.
/// Errors: kInvalidArgument (none, or tables of different sizes).
base::Result<TagTable> average_tables(std::span<const TagTable> tables);

/// Makes it easier (or harder) for an entity to begin, by so much of a score: recall is bought with
/// precision without training again.
void lean_towards(Entity entity, int by, TagTable& table);

}  // namespace nearside::policy
