// The quality model as bytes.
#include <cmath>
#include <cstring>

#include "policy/quality/quality_model.h"

namespace nearside::policy {

namespace {

constexpr std::string_view kMagic = "NSQUAL2\n";
constexpr std::size_t kNameBytesMax = 256;

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Reads figures one after the other; past the end everything is zero and `whole` false.
struct Source {
  std::string_view rest;
  bool whole = true;

  template <typename T>
  T take() {
    T value{};
    if (rest.size() < sizeof value) {
      whole = false;
      return value;
    }
    std::memcpy(&value, rest.data(), sizeof value);
    rest.remove_prefix(sizeof value);
    return value;
  }
  std::string take_name() {
    const auto size = take<std::uint32_t>();
    if (!whole || size > kNameBytesMax || size > rest.size()) {
      whole = false;
      return {};
    }
    std::string name(rest.substr(0, size));
    rest.remove_prefix(size);
    return name;
  }
};

template <typename T>
void put_sparse(std::string& out, const std::vector<T>& values) {
  std::uint32_t count = 0;
  for (const T& value : values) count += value != T{};
  put(out, count);
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    if (values[i] == T{}) continue;
    put(out, i);
    put(out, values[i]);
  }
}

template <typename T>
void take_sparse(Source& source, std::vector<T>& values, std::size_t size) {
  values.assign(size, T{});
  const auto count = source.take<std::uint32_t>();
  if (count > size) source.whole = false;
  for (std::uint32_t i = 0; i < count && source.whole; ++i) {
    const auto at = source.take<std::uint32_t>();
    const T value = source.take<T>();
    if (at >= size) source.whole = false;
    if (source.whole) values[at] = value;
  }
}

}  // namespace

std::string QualityModel::serialize() const {
  std::string out(kMagic);
  put(out, prompts_);
  for (std::size_t i = 0; i < kDense; ++i) {
    put(out, prompts_ == 0 ? 0.0 : dense_sum_[i]);
    put(out, prompts_ == 0 ? 0.0 : dense_squares_[i]);
  }
  put_sparse(out, seen_);
  put(out, static_cast<std::uint32_t>(heads_.size()));
  for (const auto& [target, head] : heads_) {
    put(out, static_cast<std::uint32_t>(target.size()));
    out += target;
    put(out, head.scale);
    put(out, head.bias);
    put(out, head.score_sum);
    put(out, head.judged);
    put(out, head.steps);
    put_sparse(out, head.weights);
  }
  return out;
}

base::Result<QualityModel> QualityModel::parse(std::string_view file) {
  const auto corrupt = [](std::string_view why) {
    return base::fail(base::Code::kCorrupt, "this is no quality model: {}", why);
  };
  if (!file.starts_with(kMagic)) return corrupt("it does not begin as one");
  Source source{file.substr(kMagic.size())};
  QualityModel model;
  model.prompts_ = source.take<std::uint64_t>();
  for (std::size_t i = 0; i < kDense; ++i) {
    model.dense_sum_.push_back(source.take<double>());
    model.dense_squares_.push_back(source.take<double>());
    if (!std::isfinite(model.dense_sum_.back()) || !std::isfinite(model.dense_squares_.back()))
      return corrupt("a count is not a number");
  }
  take_sparse(source, model.seen_, kFeatureRows);
  const auto count = source.take<std::uint32_t>();
  if (!source.whole || count > kTargetsMax) return corrupt("it breaks off or has too many targets");
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string name = source.take_name();
    Head head;
    head.scale = source.take<double>();
    head.bias = source.take<double>();
    head.score_sum = source.take<double>();
    head.judged = source.take<std::uint64_t>();
    head.steps = source.take<std::uint64_t>();
    take_sparse(source, head.weights, kFeatureRows + kDense);
    if (!source.whole) return corrupt("it breaks off");
    if (!std::isfinite(head.scale) || !std::isfinite(head.bias) || !std::isfinite(head.score_sum) ||
        head.judged == 0)
      return corrupt("a figure is out of range");
    model.heads_.emplace(name, std::move(head));
  }
  return model;
}

}  // namespace nearside::policy
