// Any bytes as a safetensors file: refused or read, and what was read lies inside.
#include <cstdint>

#include "convert/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  const auto file = nearside::convert::Safetensors::from_bytes(bytes, "fuzz");
  if (!file) return 0;
  for (const auto& tensor : file->tensors()) {
    float first = 0;
    float last = 0;
    nearside::convert::read_floats(tensor, 0, {&first, 1});
    nearside::convert::read_floats(tensor, tensor.elements() - 1, {&last, 1});
    if (tensor.data.data() < bytes.data() ||
        tensor.data.data() + tensor.data.size() > bytes.data() + bytes.size())
      __builtin_trap();
  }
  return 0;
}
