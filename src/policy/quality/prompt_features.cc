#include "policy/quality/prompt_features.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

std::uint32_t mix(std::uint32_t a, std::uint32_t b) {
  std::uint32_t h = (a ^ (b * 0x85EBCA6BU)) * 0xC2B2AE35U;
  return h ^ (h >> 15U);
}

std::uint32_t row(FeatureGroup group, std::uint32_t hash) {
  return mix(hash, (static_cast<std::uint32_t>(group) + 1) * 0x9E3779B9U) >> (32 - 18);
}
static_assert(kFeatureRows == 1U << 18U);

/// Counts that say what kind of a task a prompt is.
struct Shape {
  std::size_t bytes = 0, words = 0, word_bytes = 0, numbers = 0, digits = 0, decimals = 0,
              sentences = 0, lines = 0, capitals = 0, high = 0, brackets = 0, operators = 0,
              backslashes = 0, dollars = 0, percents = 0, questions = 0, quotes = 0, commas = 0,
              options = 0, longest_number = 0, long_words = 0;
};

/// One class for about every doubling: a linear model cannot bend, classes can.
unsigned log_class(std::size_t count) {
  return static_cast<unsigned>(std::lround(2.0 * std::log2(1.0 + static_cast<double>(count))));
}

class Collector {
 public:
  explicit Collector(std::vector<Feature>& out) : out_(out) {}

  void add(FeatureGroup group, std::uint32_t hash) {
    out_.push_back({row(group, hash), group, 1.0F});
  }

  void word(std::string_view word, bool number) {
    std::uint32_t hash = 2166136261U;
    if (number) {
      // Numbers by their size: which number it is matters little, how large a lot.
      hash = 0xD161 + static_cast<std::uint32_t>(std::min<std::size_t>(word.size(), 9));
    } else {
      for (const char c : word)
        hash = (hash ^ static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + 32 : c)) * 16777619U;
    }
    add(FeatureGroup::kWord, hash);
    if (last_ != 0) add(FeatureGroup::kPair, mix(last_, hash));
    if (last_ != 0 && before_ != 0) add(FeatureGroup::kPair, mix(mix(before_, last_) + 7, hash));
    before_ = last_;
    last_ = hash;
    if (!number) stems(word);
  }

 private:
  /// Four letters at a time, and the beginning: "electron" and "electronic" share them.
  void stems(std::string_view word) {
    std::array<char, 34> padded{};
    std::size_t size = 0;
    padded[size++] = '^';
    for (const char c : word.substr(0, 32))
      padded[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    padded[size++] = '$';
    for (std::size_t i = 0; i + 4 <= size; ++i) {
      std::uint32_t hash = 0x5EED;
      for (std::size_t k = 0; k < 4; ++k)
        hash = (hash ^ static_cast<unsigned char>(padded[i + k])) * 16777619U;
      add(FeatureGroup::kStem, hash);
    }
  }

  std::vector<Feature>& out_;
  std::uint32_t last_ = 0, before_ = 0;
};

void read(std::string_view text, Collector& collector, Shape& shape) {
  shape.bytes += text.size();
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const bool high = static_cast<unsigned char>(c) >= 0x80;
    if (is_alnum(c) || high) {
      const std::size_t begin = i;
      const bool number = is_digit(c);
      while (i < text.size() && (number ? is_digit(text[i])
                                        : (is_letter(text[i]) || is_digit(text[i]) ||
                                           static_cast<unsigned char>(text[i]) >= 0x80)))
        ++i;
      const std::string_view word = text.substr(begin, i - begin);
      collector.word(word, number);
      if (number) {
        ++shape.numbers;
        shape.digits += word.size();
        shape.longest_number = std::max(shape.longest_number, word.size());
        if (at(text, i) == '.' && is_digit(at(text, i + 1))) ++shape.decimals;
      } else {
        ++shape.words;
        shape.word_bytes += word.size();
        if (word.size() > 8) ++shape.long_words;
        if (c >= 'A' && c <= 'Z') ++shape.capitals;
        if (high) ++shape.high;
        const char next = at(text, i);
        if (word.size() == 1 && c >= 'A' && c <= 'J' && (next == '.' || next == ')' || next == ':'))
          ++shape.options;
      }
      continue;
    }
    ++i;
    switch (c) {
      case '.':
      case '!':
        ++shape.sentences;
        break;
      case '?':
        ++shape.questions;
        break;
      case '\n':
        ++shape.lines;
        break;
      case ',':
        ++shape.commas;
        break;
      case '"':
      case '\'':
        ++shape.quotes;
        break;
      case '\\':
        ++shape.backslashes;
        break;
      case '$':
        ++shape.dollars;
        break;
      case '%':
        ++shape.percents;
        break;
      case '(':
      case '[':
      case '{':
        ++shape.brackets;
        break;
      case '+':
      case '*':
      case '/':
      case '=':
      case '<':
      case '>':
      case '^':
        ++shape.operators;
        break;
      default:
        break;
    }
  }
}

void add_shape(const Shape& shape, Collector& collector) {
  const std::size_t mean_bytes = shape.words == 0 ? 0 : 4 * shape.word_bytes / shape.words;
  const std::size_t counts[] = {
      shape.bytes,     shape.words,       shape.numbers,  shape.digits,         shape.decimals,
      shape.sentences, shape.lines,       shape.capitals, shape.high,           shape.brackets,
      shape.operators, shape.backslashes, shape.dollars,  shape.percents,       shape.questions,
      shape.quotes,    shape.commas,      shape.options,  shape.longest_number, shape.long_words};
  std::uint32_t kind = 0;
  for (const std::size_t count : counts) {
    const unsigned klass = log_class(count);
    collector.add(FeatureGroup::kShape, mix(kind * 64 + klass, 0x51A9E));
    // Coarser neighbours share what is learned.
    collector.add(FeatureGroup::kShape, mix(kind * 64 + klass / 3, 0xC0A45E));
    ++kind;
  }
  collector.add(FeatureGroup::kShape, mix(static_cast<std::uint32_t>(mean_bytes), 0x3EA));
  collector.add(FeatureGroup::kShape,
                mix(log_class(shape.numbers) * 64 + log_class(shape.words), 0x2D));
  collector.add(FeatureGroup::kShape,
                mix(log_class(shape.sentences) * 64 + log_class(shape.numbers), 0x3D));
}

}  // namespace

void prompt_features(std::string_view prompt, std::vector<Feature>& features) {
  features.clear();
  Collector collector(features);
  Shape shape;
  if (prompt.size() <= kPromptBytesRead) {
    read(prompt, collector, shape);
  } else {
    read(prompt.substr(0, kPromptBytesRead / 2), collector, shape);
    read(prompt.substr(prompt.size() - kPromptBytesRead / 2), collector, shape);
    shape.bytes = prompt.size();
  }
  add_shape(shape, collector);

  std::sort(features.begin(), features.end(), [](const Feature& a, const Feature& b) {
    return a.group != b.group ? a.group < b.group : a.index < b.index;
  });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < features.size();) {
    std::size_t same = i;
    while (same < features.size() && features[same].group == features[i].group &&
           features[same].index == features[i].index)
      ++same;
    features[kept] = features[i];
    features[kept++].value = 1.0F + std::log(static_cast<float>(same - i));
    i = same;
  }
  features.resize(kept);
}

}  // namespace nearside::policy
