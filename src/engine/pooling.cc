#include "engine/pooling.h"

#include <cmath>
#include <string>

namespace nearside::engine {

using base::Code;
using base::fail;
using base::Result;

Result<Pooling> read_pooling(const gguf::File& file) {
  const std::string key =
      std::string(TRY(file.get_string("general.architecture"))) + ".pooling_type";
  constexpr std::uint64_t kUnsaid = 0;
  const std::uint64_t type = TRY(file.get_uint_or(key, kUnsaid));
  switch (type) {
    case kUnsaid:
    case 1:
      return Pooling::kMean;
    case 2:
      return Pooling::kFirst;
    case 3:
      return Pooling::kLast;
    default:
      return fail(Code::kUnsupported, "metadata {} is {}; known are 1 (mean), 2 (CLS) and 3 (last)",
                  key, type);
  }
}

bool Pool::wants(std::size_t position, std::size_t tokens) const {
  switch (pooling_) {
    case Pooling::kMean:
      return true;
    case Pooling::kFirst:
      return position == 0;
    case Pooling::kLast:
      return position + 1 == tokens;
  }
  return true;
}

void Pool::add(std::span<const float> state) {
  for (std::size_t i = 0; i < sum_.size(); ++i) sum_[i] += static_cast<double>(state[i]);
}

std::vector<float> Pool::vector(std::size_t dimensions) const {
  const std::size_t width = dimensions == 0 || dimensions > sum_.size() ? sum_.size() : dimensions;
  double square = 0.0;
  for (std::size_t i = 0; i < width; ++i) square += sum_[i] * sum_[i];
  std::vector<float> out(width, 0.0F);
  if (!std::isfinite(square) || square == 0.0) return out;
  for (std::size_t i = 0; i < width; ++i) out[i] = static_cast<float>(sum_[i] / std::sqrt(square));
  return out;
}

}  // namespace nearside::engine
