// Configured words and phrases as detectors.
#pragma once

#include "base/result.h"
#include "policy/detectors/detector.h"
#include "policy/label.h"

namespace nearside::policy {

inline constexpr std::size_t kWordBytesMax = 128;
inline constexpr std::size_t kWordsMax =
    4096;  // in one list; beyond, the automaton grows past a cache

/// A detector named "words:<category>" that finds the list's words as whole words, in any case. A
/// space in a phrase stands for any white space. German spellings are one: ä is also ae, ß also ss.
/// A word that ends in * is found at the beginning of longer words, too ("gehalt*": Gehaltsliste).
/// Errors: kInvalidArgument (an empty word, one without letters or digits, one longer than
/// kWordBytesMax, invalid UTF-8, more than kWordsMax).
base::Result<Detector> words_detector(const WordList& list);

}  // namespace nearside::policy
