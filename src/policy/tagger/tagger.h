// Finds names of people, organisations and places, addresses, titles, nationalities and dates in a
// text.
#pragma once

#include <string_view>
#include <vector>

#include "policy/detectors/detector.h"
#include "policy/tagger/table.h"
#include "policy/tagger/words.h"

namespace nearside::policy {

struct TaggedSpan {
  Entity entity = Entity::kPerson;
  Span span;
};

/// A linear sequence labeller: hashed features of each word and its neighbours, tag-to-tag weights,
/// the best sequence by Viterbi. Weights come from sentences of our own making
/// (tools/label-sentences, tagger/training.h). Linear in the text, about 0.2 microseconds a word.
/// Immutable: share it freely between threads.
class Tagger {
 public:
  explicit Tagger(TagTable table) : table_(std::move(table)) {}

  /// Room that is used again from text to text; not for two threads at once.
  struct Workspace {
    std::vector<Word> words;
    std::vector<std::uint8_t> tags;                       // of each word
    std::vector<std::array<std::int16_t, kTags>> scores;  // [word, tag], see tagger.cc
  };

  /// Appends what is found, in order, without overlaps. REQUIRES: text.size() < 2^32.
  void find(std::string_view text, Workspace& space, std::vector<TaggedSpan>& found) const;

  /// The best tags of words; for training.
  void tag(std::span<const Word> words, Workspace& space) const;

 private:
  TagTable table_;
};

}  // namespace nearside::policy
