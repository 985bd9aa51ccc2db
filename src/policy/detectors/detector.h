// A detector: patterns that say where to look, and a check that says whether something is there.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/sensitivity.h"

namespace nearside::policy {

/// Bytes [begin, end) of a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A regular expression of the vectorscan library, over bytes.
struct Pattern {
  std::string expression;
  bool caseless = false;
  bool wants_begin = false;  // the match's beginning is needed (costs scan time); otherwise it is 0
};

/// Where a pattern matched.
struct Match {
  std::string_view text;  // the whole document
  std::size_t begin = 0;  // see Pattern::wants_begin
  std::size_t end = 0;
  std::size_t pattern_index = 0;  // into Detector::patterns
};

/// All patterns of all detectors are compiled into one automaton that reads a text once; patterns
/// are therefore short anchors ("an @ between two letters") without unbounded repeats, and `find`
/// looks around the anchor with plain code: boundaries, lengths, checksums, context. `find` reads a
/// bounded number of bytes, so that the whole stays linear on any text. It must be pure.
struct Detector {
  std::string name;
  std::string category;
  Sensitivity sensitivity = Sensitivity::kConfidential;
  std::vector<Pattern> patterns;
  std::function<std::optional<Span>(const Match&)> find;
  bool passage = false;  // marks what a passage is, not a value: hides nothing that stands in it
  bool reaches_far = false;  // a match inside of a finding says nothing new: `find` is spared it
};

}  // namespace nearside::policy
