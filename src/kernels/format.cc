#include "kernels/format.h"

#include <array>

#include "base/check.h"

namespace nearside::kernels {

// Each is defined in the file of its format.
extern const Format kF32Format, kF16Format, kBF16Format;
extern const Format kQ4_0Format, kQ4_1Format, kQ5_0Format, kQ5_1Format, kQ8_0Format;
extern const Format kQ2_KFormat, kQ3_KFormat, kQ4_KFormat, kQ5_KFormat, kQ6_KFormat;
extern const Format kIQ4_NLFormat, kMXFP4Format;

namespace {

constexpr std::array kFormats = {
    &kF32Format,  &kF16Format,  &kQ4_0Format,   &kQ4_1Format, &kQ5_0Format,
    &kQ5_1Format, &kQ8_0Format, &kQ2_KFormat,   &kQ3_KFormat, &kQ4_KFormat,
    &kQ5_KFormat, &kQ6_KFormat, &kIQ4_NLFormat, &kBF16Format, &kMXFP4Format,
};

}  // namespace

const Format* find_format(gguf::TensorType type) {
  for (const Format* candidate : kFormats)
    if (candidate->type == type) return candidate;
  return nullptr;
}

const Format& format(gguf::TensorType type) {
  const Format* found = find_format(type);
  CHECK(found != nullptr);
  return *found;
}

std::span<const Format* const> formats() { return kFormats; }

}  // namespace nearside::kernels
