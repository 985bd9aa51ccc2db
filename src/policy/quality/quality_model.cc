#include "policy/quality/quality_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kRows = kFeatureRows + QualityModel::kDense;
constexpr double kDenseWeight = 1.0;  // length of the dense group; see QualityTraining's source
constexpr double kGroupWeights[kFeatureGroups] = {1.5, 1.5, 1.0, 1.0};  // lengths; source as above
constexpr double kDenseClip = 3.0;                                      // standard deviations
constexpr double kBiasRate = 0.1;      // of the weights' rate: averages move slowly
constexpr std::uint32_t kSeenMin = 2;  // a feature of a single prompt says nothing of others

using Dense = std::array<double, QualityModel::kDense>;

Dense dense_of(std::string_view prompt) {
  const std::string_view text = prompt.substr(0, kPromptBytesRead);
  double numbers = 0, sentences = 0, digits = 0, spaces = 0, lines = 0, operators = 0, commas = 0,
         capitals = 0;
  bool in_number = false;
  for (const char c : text) {
    const bool digit = is_digit(c);
    numbers += digit && !in_number;
    in_number = digit;
    digits += digit;
    sentences += c == '.' || c == '?';
    spaces += c == ' ';
    lines += c == '\n';
    commas += c == ',';
    capitals += c >= 'A' && c <= 'Z';
    operators += std::string_view("+-*/=^<>%$\\{}").find(c) != std::string_view::npos;
  }
  const auto bytes = static_cast<double>(prompt.size());
  const double base[] = {std::log1p(bytes),   std::log1p(numbers),  std::log1p(sentences),
                         std::log1p(digits),  std::log1p(lines),    std::log1p(operators),
                         std::log1p(commas),  std::log1p(capitals), numbers / (spaces + 1),
                         digits / (bytes + 1)};
  Dense out{};
  std::size_t at = 0;
  for (const double value : base) out[at++] = value;
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t j = i; j < 8; ++j) out[at++] = base[i] * base[j];
  return out;
}

double squashed(double logit) { return 1.0 / (1.0 + std::exp(-logit)); }

bool is_score(double score) { return score >= 0 && score <= 1; }

}  // namespace

void QualityModel::count(std::string_view prompt) {
  if (seen_.empty()) {
    seen_.resize(kFeatureRows);
    dense_sum_.resize(kDense);
    dense_squares_.resize(kDense);
  }
  std::vector<Feature> features;
  prompt_features(prompt, features);
  for (const Feature& feature : features) ++seen_[feature.index];
  const Dense dense = dense_of(prompt);
  for (std::size_t i = 0; i < kDense; ++i) {
    dense_sum_[i] += dense[i];
    dense_squares_[i] += dense[i] * dense[i];
  }
  ++prompts_;
}

QualityModel::Input QualityModel::input(std::string_view prompt) const {
  Input out;
  if (prompts_ == 0) return out;
  prompt_features(prompt, out.sparse);
  const auto all = static_cast<double>(prompts_);
  double lengths[kFeatureGroups] = {};
  double words = 0, known = 0;
  for (Feature& feature : out.sparse) {
    const std::uint32_t seen = seen_[feature.index];
    if (feature.group == FeatureGroup::kWord) {
      words += feature.value;
      if (seen >= kSeenMin) known += feature.value;
    }
    if (seen < kSeenMin) feature.value = 0;
    lengths[static_cast<std::size_t>(feature.group)] += feature.value * feature.value;
  }
  for (std::size_t group = 0; group < kFeatureGroups; ++group)
    lengths[group] = lengths[group] > 0 ? kGroupWeights[group] / std::sqrt(lengths[group]) : 0;
  for (Feature& feature : out.sparse)
    feature.value *= static_cast<float>(lengths[static_cast<std::size_t>(feature.group)]);
  std::erase_if(out.sparse, [](const Feature& feature) { return feature.value == 0; });

  const Dense dense = dense_of(prompt);
  double odd = 0;  // the furthest count, in standard deviations
  for (std::size_t i = 0; i < kDense; ++i) {
    const double mean = dense_sum_[i] / all;
    const double spread = std::sqrt(std::max(0.0, dense_squares_[i] / all - mean * mean)) + 1e-6;
    const double value = (dense[i] - mean) / spread;
    if (i < 8) odd = std::max(odd, std::abs(value));
    const double clipped = std::clamp(value, -kDenseClip, kDenseClip);
    out.sparse.push_back({static_cast<std::uint32_t>(kFeatureRows + i), FeatureGroup::kShape,
                          static_cast<float>(kDenseWeight * clipped / std::sqrt(1.0 * kDense))});
  }
  // Ten standard deviations from everything seen halve the trust.
  constexpr double kOddMax = 10;
  out.familiarity = (words > 0 ? known / words : 0) * (1 - 0.5 * std::min(1.0, odd / kOddMax / 2));
  return out;
}

double QualityModel::logit(const Head& head, const Input& input) {
  double sum = 0;
  for (const Feature& feature : input.sparse)
    sum += static_cast<double>(head.weights[feature.index]) * feature.value;
  return head.bias + head.scale * sum;
}

void QualityModel::step(Head& head, const Input& input, double score,
                        const QualityTraining& settings) {
  const double error = squashed(logit(head, input)) - score;
  const double rate =
      settings.rate / (1 + settings.rate * settings.decay * static_cast<double>(head.steps++));
  head.scale *= 1 - rate * settings.decay;
  const double change = rate * error / head.scale;
  for (const Feature& feature : input.sparse)
    head.weights[feature.index] -= static_cast<float>(change * feature.value);
  head.bias -= kBiasRate * rate * error;
  constexpr double kScaleMin = 1e-6;  // before floats lose their digits
  if (head.scale > kScaleMin) return;
  for (float& weight : head.weights) weight = static_cast<float>(weight * head.scale);
  head.scale = 1;
}

QualityEstimate QualityModel::estimate(const Head& head, const Input& input) const {
  QualityEstimate out;
  out.judged = head.judged;
  out.familiarity = input.familiarity;
  const double average = head.score_sum / static_cast<double>(head.judged);
  out.good_probability =
      average + trust(input.familiarity) * (squashed(logit(head, input)) - average);
  return out;
}

double QualityModel::trust(double familiarity) {
  return std::clamp((familiarity - kFamiliarMin) / (kFamiliarMax - kFamiliarMin), 0.0, 1.0);
}

base::Result<QualityModel> QualityModel::train(std::span<const JudgedPrompt> prompts,
                                               const QualityTraining& settings) {
  QualityModel model;
  for (const JudgedPrompt& prompt : prompts) {
    model.count(prompt.prompt);
    for (const auto& [target, score] : prompt.scores) {
      if (!is_score(score))
        return base::fail(base::Code::kInvalidArgument,
                          "the score {} of target '{}' is not between 0 and 1", score, target);
      Head& head = model.heads_[target];
      head.score_sum += score;
      ++head.judged;
    }
  }
  if (model.heads_.empty() || model.heads_.size() > kTargetsMax)
    return base::fail(base::Code::kInvalidArgument,
                      "training needs judged answers of 1 to {} targets, there are {}", kTargetsMax,
                      model.heads_.size());
  std::vector<Input> inputs;
  inputs.reserve(prompts.size());
  for (const JudgedPrompt& prompt : prompts) inputs.push_back(model.input(prompt.prompt));
  std::vector<std::size_t> order(prompts.size());
  for (auto& [target, head] : model.heads_) {
    head.weights.resize(kRows);
    const double average =
        std::clamp(head.score_sum / static_cast<double>(head.judged), 0.01, 0.99);
    head.bias = std::log(average / (1 - average));
    std::iota(order.begin(), order.end(), 0);
    std::mt19937_64 random(settings.seed);
    for (unsigned round = 0; round < settings.rounds; ++round) {
      std::shuffle(order.begin(), order.end(), random);
      for (const std::size_t i : order) {
        const auto score = prompts[i].scores.find(target);
        if (score != prompts[i].scores.end()) step(head, inputs[i], score->second, settings);
      }
    }
  }
  return model;
}

std::optional<QualityEstimate> QualityModel::predict(std::string_view prompt,
                                                     const std::string& target) const {
  const auto head = heads_.find(target);
  if (head == heads_.end()) return std::nullopt;
  return estimate(head->second, input(prompt));
}

std::map<std::string, QualityEstimate> QualityModel::predict(std::string_view prompt) const {
  std::map<std::string, QualityEstimate> out;
  const Input read = input(prompt);
  for (const auto& [target, head] : heads_) out.emplace(target, estimate(head, read));
  return out;
}

base::Status QualityModel::learn(std::string_view prompt, const std::string& target, double score) {
  if (!is_score(score))
    return base::fail(base::Code::kInvalidArgument, "the score {} is not between 0 and 1", score);
  const bool known = heads_.contains(target);
  if (!known && heads_.size() >= kTargetsMax)
    return base::fail(base::Code::kExhausted, "the quality model already knows {} targets",
                      kTargetsMax);
  count(prompt);
  Head& head = heads_[target];
  if (!known) {
    head.weights.resize(kRows);
    const double first = std::clamp(score, 0.1, 0.9);
    head.bias = std::log(first / (1 - first));
  }
  head.score_sum += score;
  ++head.judged;
  step(head, input(prompt), score, {});
  return {};
}

std::vector<std::string> QualityModel::targets() const {
  std::vector<std::string> names;
  for (const auto& entry : heads_) names.push_back(entry.first);
  return names;
}

}  // namespace nearside::policy
