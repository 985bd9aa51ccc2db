#include "model/rope.h"

#include "base/check.h"

namespace nearside::model {

Rope::Rope(const RopeSettings& settings)
    : style_(settings.style),
      scale_(static_cast<double>(settings.scale)),
      frequencies_(settings.dims / 2) {
  CHECK(settings.dims % 2 == 0);
  CHECK(settings.frequency_factors.empty() ||
        settings.frequency_factors.size() == frequencies_.size());
  kernels::rope_frequencies(settings.base, settings.dims, settings.frequency_factors, frequencies_);
}

}  // namespace nearside::model
