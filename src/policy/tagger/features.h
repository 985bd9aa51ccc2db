// What the tagger sees of a word and its neighbours, as rows of the weight table.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "policy/tagger/words.h"

namespace nearside::policy {

inline constexpr std::size_t kFeatures = 24;

/// Which features rest on the letters of the word itself, of the next and of the previous one.
inline constexpr std::size_t kFeaturesOfWord[] = {0, 1, 4, 5, 8, 9, 10, 11, 16, 21, 22, 23};
inline constexpr std::size_t kFeaturesOfNext[] = {3, 5, 18, 20, 22};
inline constexpr std::size_t kFeaturesOfPrevious[] = {2, 4, 17, 19, 21};

/// Of a whole text: is it written without capitals, or all in capitals?
enum class Casing : std::uint8_t { kMixed, kLower, kUpper };

Casing casing_of(std::span<const Word> words);

/// Rows of the features of word `index`, each below `rows_count`. Source of the set: the usual ones
/// of linear named-entity taggers (word, affixes, shapes and their conjunctions in a window of
/// five).
void features_of(std::span<const Word> words, std::size_t index, Casing casing,
                 std::uint32_t rows_count, std::array<std::uint32_t, kFeatures>& rows);

}  // namespace nearside::policy
