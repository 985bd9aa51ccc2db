// Any bytes must be refused or become a file whose every view can be read. Writing what was read
// and reading it again must give the same metadata.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "gguf/file.h"
#include "gguf/writer.h"

namespace {

using namespace nearside::gguf;

/// Reads every byte a view covers, so that the address sanitizer sees a view that is too long.
std::size_t touch(const File& file) {
  std::size_t sum = 0;
  for (const Tensor& tensor : file.tensors()) {
    CHECK(file.find_tensor(tensor.name) == &tensor);
    CHECK(tensor.data.size() ==
          tensor_bytes(tensor.type, static_cast<std::size_t>(tensor.columns() * tensor.rows())));
    for (const std::byte b : tensor.data) sum += static_cast<std::size_t>(b);
  }
  for (const Metadata& entry : file.metadata()) {
    CHECK(file.find(entry.key) == &entry.value);
    const auto* array = std::get_if<Array>(&entry.value);
    if (array == nullptr) continue;
    if (array->element_type() == ValueType::kString)
      for (const std::string_view text : array->strings())
        for (const char c : text) sum += static_cast<std::size_t>(c);
    else
      sum += array->numbers<std::int32_t>().size() + array->numbers<float>().size();
    if (file.get_ints(entry.key)) ++sum;
    if (file.get_floats(entry.key)) ++sum;
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = File::from_bytes(std::as_bytes(std::span(data, size)), "fuzz.gguf");
  if (!file) return 0;
  volatile std::size_t kept = touch(*file);
  static_cast<void>(kept);
  Writer writer;
  writer.copy_metadata(*file, "");
  const std::string again = writer.to_bytes();
  const auto copy = File::from_bytes(std::as_bytes(std::span(again)), "copy.gguf");
  CHECK(copy);
  const std::size_t alignment_key = file->find("general.alignment") != nullptr ? 1 : 0;
  CHECK(copy->metadata().size() + alignment_key == file->metadata().size());
  return 0;
}
