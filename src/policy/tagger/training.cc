#include "policy/tagger/training.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "policy/tagger/features.h"

namespace nearside::policy {

namespace {

using Rows = std::array<std::uint32_t, kFeatures>;
constexpr std::uint32_t kHidden = static_cast<std::uint32_t>(-1);  // a feature that is not there

struct Example {
  std::vector<Rows> rows;           // of each word
  std::vector<std::uint8_t> truth;  // tag of each word
};

Example prepare(const TaggedText& text, std::uint32_t rows_count) {
  Example example;
  std::vector<Word> words;
  split_words(text.text, words);
  const Casing casing = casing_of(words);
  example.rows.resize(words.size());
  example.truth.assign(words.size(), kTagOutside);
  std::size_t next = 0;
  const TaggedSpan* open = nullptr;
  for (std::size_t i = 0; i < words.size(); ++i) {
    features_of(words, i, casing, rows_count, example.rows[i]);
    while (next < text.spans.size() && text.spans[next].span.end <= words[i].begin) ++next;
    if (next == text.spans.size() || words[i].begin < text.spans[next].span.begin) {
      open = nullptr;
      continue;
    }
    const TaggedSpan* span = &text.spans[next];
    example.truth[i] = static_cast<std::uint8_t>(open == span ? inside_tag(span->entity)
                                                              : begin_tag(span->entity));
    open = span;
  }
  return example;
}

/// Takes away what the letters of word `index` say, of itself and of its neighbours.
void hide_letters(Example& example, std::size_t index) {
  const auto hide = [&](std::size_t word, std::span<const std::size_t> features) {
    for (const std::size_t feature : features) example.rows[word][feature] = kHidden;
  };
  hide(index, kFeaturesOfWord);
  if (index > 0) hide(index - 1, kFeaturesOfNext);
  if (index + 1 < example.rows.size()) hide(index + 1, kFeaturesOfPrevious);
}

/// Weights while they are learned, with what averaging needs.
class Learner {
 public:
  explicit Learner(std::uint32_t rows_count)
      : weights_(std::size_t{rows_count} * kTags),
        sums_(weights_.size()),
        transitions_((kTags + 1) * kTags),
        transition_sums_(transitions_.size()) {
    for (std::size_t from = 0; from <= kTags; ++from)
      for (std::size_t to = 0; to < kTags; ++to)
        if (to >= kTagsUsed || !may_follow(from == kTags ? kTagOutside : from, to))
          transitions_[from * kTags + to] = kForbidden;
  }

  void decode(const Example& example, double outside_margin, std::vector<std::uint8_t>& tags) {
    const std::size_t count = example.rows.size();
    scores_.resize(count);
    from_.resize(count);
    tags.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      std::array<float, kTags> emission{};
      for (const std::uint32_t row : example.rows[i])
        for (std::size_t tag = 0; row != kHidden && tag < kTags; ++tag)
          emission[tag] += weights_[std::size_t{row} * kTags + tag];
      if (example.truth[i] != kTagOutside)
        emission[kTagOutside] += static_cast<float>(outside_margin);
      for (std::size_t to = 0; to < kTagsUsed; ++to) {
        std::size_t who = kTags;
        float best = i == 0 ? transition(kTags, to) : -1e30F;
        if (i > 0)
          for (std::size_t tag = 0; tag < kTagsUsed; ++tag) {
            const float score = scores_[i - 1][tag] + transition(tag, to);
            if (score > best) best = score, who = tag;
          }
        scores_[i][to] = best + emission[to];
        from_[i][to] = static_cast<std::uint8_t>(who);
      }
    }
    if (count == 0) return;
    auto tag = static_cast<std::size_t>(
        std::max_element(scores_.back().begin(), scores_.back().begin() + kTagsUsed) -
        scores_.back().begin());
    for (std::size_t i = count; i-- > 0;) {
      tags[i] = static_cast<std::uint8_t>(tag);
      tag = from_[i][tag];
    }
  }

  void correct(const Example& example, const std::vector<std::uint8_t>& guess) {
    for (std::size_t i = 0; i < guess.size(); ++i) {
      const std::size_t truth = example.truth[i];
      const std::size_t before_truth = i == 0 ? kTags : example.truth[i - 1];
      const std::size_t before_guess = i == 0 ? kTags : guess[i - 1];
      if (truth != guess[i])
        for (const std::uint32_t row : example.rows[i]) {
          if (row == kHidden) continue;
          add(weights_, sums_, std::size_t{row} * kTags + truth, 1);
          add(weights_, sums_, std::size_t{row} * kTags + guess[i], -1);
        }
      if (truth != guess[i] || before_truth != before_guess) {
        add(transitions_, transition_sums_, before_truth * kTags + truth, 1);
        add(transitions_, transition_sums_, before_guess * kTags + guess[i], -1);
      }
    }
  }

  void next() { ++time_; }

  /// Averages, scaled so that the weights fill eight bits; the few that do not fit are cut.
  TagTable table(std::uint32_t rows_count) const {
    std::vector<float> averages(weights_.size());
    std::vector<float> sizes;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      averages[i] = static_cast<float>(weights_[i] - sums_[i] / time_);
      if (averages[i] != 0) sizes.push_back(std::abs(averages[i]));
    }
    const std::size_t at = sizes.size() - 1 - sizes.size() / 2000;
    std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(at), sizes.end());
    const float scale = 127.0F / sizes[at];
    TagTable out;
    out.rows_count = rows_count;
    out.owned.resize(weights_.size());
    for (std::size_t i = 0; i < weights_.size(); ++i)
      out.owned[i] =
          static_cast<std::int8_t>(std::clamp(std::round(averages[i] * scale), -127.0F, 127.0F));
    for (std::size_t from = 0; from <= kTags; ++from)
      for (std::size_t to = 0; to < kTags; ++to) {
        const std::size_t i = from * kTags + to;
        const double average = transitions_[i] - transition_sums_[i] / time_;
        out.transitions[from][to] = static_cast<std::int16_t>(
            transitions_[i] <= kForbidden / 2
                ? kTransitionForbidden
                : std::clamp<double>(std::round(average * scale), -kTransitionMax, kTransitionMax));
      }
    out.weights = out.owned.data();
    return out;
  }

 private:
  static constexpr float kForbidden = -1e6F;

  float transition(std::size_t from, std::size_t to) const {
    return transitions_[from * kTags + to];
  }

  void add(std::vector<float>& values, std::vector<double>& sums, std::size_t at,
           float delta) const {
    values[at] += delta;
    sums[at] += delta * time_;
  }

  std::vector<float> weights_;
  std::vector<double> sums_;  // of delta x time: the average is the weight less this over the time
  std::vector<float> transitions_;
  std::vector<double> transition_sums_;
  double time_ = 1;
  std::vector<std::array<float, kTags>> scores_;
  std::vector<std::array<std::uint8_t, kTags>> from_;
};

}  // namespace

TagTable train_tagger(const std::vector<TaggedText>& texts, const TagTraining& settings) {
  std::vector<Example> examples;
  examples.reserve(texts.size());
  for (const TaggedText& text : texts) examples.push_back(prepare(text, settings.rows_count));
  std::vector<std::size_t> order(examples.size());
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(settings.seed);
  Learner learner(settings.rows_count);
  std::vector<std::uint8_t> guess;
  std::bernoulli_distribution hides(settings.hidden_share);
  Example partly;
  for (unsigned round = 0; round < settings.rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    std::size_t wrong = 0, all = 0;
    for (const std::size_t index : order) {
      partly = examples[index];
      for (std::size_t i = 0; i < partly.rows.size(); ++i)
        if (hides(random)) hide_letters(partly, i);
      const Example& example = partly;
      learner.decode(example, settings.outside_margin, guess);
      all += guess.size();
      for (std::size_t i = 0; i < guess.size(); ++i) wrong += guess[i] != example.truth[i] ? 1 : 0;
      learner.correct(example, guess);
      learner.next();
    }
    if (settings.progress) settings.progress(round + 1, wrong, all);
  }
  return learner.table(settings.rows_count);
}

base::Result<TagTable> average_tables(std::span<const TagTable> tables) {
  if (tables.empty())
    return base::fail(base::Code::kInvalidArgument, "there are no tables to average");
  const auto count = static_cast<double>(tables.size());
  TagTable out;
  out.rows_count = tables.front().rows_count;
  for (const TagTable& table : tables)
    if (table.rows_count != out.rows_count)
      return base::fail(base::Code::kInvalidArgument, "tables of {} and {} rows cannot be averaged",
                        out.rows_count, table.rows_count);
  for (std::size_t from = 0; from <= kTags; ++from)
    for (std::size_t to = 0; to < kTags; ++to) {
      double sum = 0;
      for (const TagTable& table : tables) sum += table.transitions[from][to];
      // What is forbidden is so in every table.
      out.transitions[from][to] = tables.front().transitions[from][to] == kTransitionForbidden
                                      ? kTransitionForbidden
                                      : static_cast<std::int16_t>(std::lround(sum / count));
    }
  out.owned.resize(std::size_t{out.rows_count} * kTags);
  for (std::size_t i = 0; i < out.owned.size(); ++i) {
    double sum = 0;
    for (const TagTable& table : tables) sum += table.weights[i];
    out.owned[i] = static_cast<std::int8_t>(std::lround(sum / count));
  }
  out.weights = out.owned.data();
  return out;
}

void lean_towards(Entity entity, int by, TagTable& table) {
  for (auto& from : table.transitions) {
    std::int16_t& begin = from[begin_tag(entity)];
    if (begin != kTransitionForbidden)
      begin = static_cast<std::int16_t>(std::clamp(begin + by, -kTransitionMax, kTransitionMax));
  }
}

}  // namespace nearside::policy
