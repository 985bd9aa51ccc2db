// How well findings agree with what is known to be in texts: precision, recall, F2.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/label.h"
#include "policy/labelled_text.h"

namespace nearside::policy {

/// Counts and the figures made of them. F2 weighs recall twice as much as precision.
struct Score {
  std::size_t wanted = 0;   // known entities
  std::size_t found = 0;    // of them, by a finding that matches
  std::size_t claimed = 0;  // findings
  std::size_t right = 0;    // of them, that match a known entity

  [[nodiscard]] double precision() const;
  [[nodiscard]] double recall() const;
  [[nodiscard]] double f2() const;
};

/// Kinds are coarser than types: "GPE", "STREET_ADDRESS" and "ZIP_CODE" are all "place", as are our
/// findings "location" and "address". A type that is unknown here keeps its name in lower case.
std::string kind_of_type(std::string_view type);
std::string kind_of_detector(std::string_view detector);

/// Adds texts and their findings up, by the protocol that the published figures for this kind of
/// data use (presidio-research, SpanEvaluator): neighbours of one kind with only white space and
/// punctuation between are one span; a finding matches an entity when the letters and digits that
/// both cover are at least kOverlapMin of those that either covers, each used once.
class LabelScorer {
 public:
  static constexpr double kOverlapMin = 0.9;

  void add(const LabelledText& truth, const std::vector<Finding>& findings);

  /// Whatever the kind, as in the published figures.
  [[nodiscard]] const Score& any_kind() const { return any_; }
  /// A finding of another kind does not match.
  [[nodiscard]] const Score& same_kind() const { return same_; }
  [[nodiscard]] const std::map<std::string, Score>& by_kind() const { return by_kind_; }
  /// Entities of which a finding of their kind covers at least one byte: what a rule would see.
  [[nodiscard]] const std::map<std::string, std::size_t>& touched() const { return touched_; }

 private:
  Score any_, same_;
  std::map<std::string, Score> by_kind_;
  std::map<std::string, std::size_t> touched_;
};

}  // namespace nearside::policy
