#include "gguf/tensor_table.h"

#include <algorithm>

namespace nearside::gguf {

using base::Code;

namespace {

// A declaration without its data: name length, dims count, one dim, type, offset.
constexpr std::size_t kDeclarationBytesLeast = 8 + 4 + 8 + 4 + 8;

/// A declaration as it stands in the file; its place is known once all have been read.
struct Declared {
  Tensor tensor;
  std::uint64_t offset_bytes = 0;  // from the start of the data section
  std::uint64_t size_bytes = 0;
};

/// In 64 bits with overflow checks: dimensions are hostile, and a product that wraps to something
/// small would hand out a small buffer for a huge tensor.
base::Result<std::uint64_t> size_of(const Reader& reader, const Tensor& tensor) {
  const TensorTypeInfo& type = tensor_type_info(tensor.type);
  if (tensor.dims[0] % type.block_elements != 0)
    return reader.error(Code::kCorrupt,
                        "tensor {} has rows of {} elements, not a multiple of the {} of a {} block",
                        tensor.name, tensor.dims[0], type.block_elements, type.name);
  std::uint64_t size = tensor.dims[0] / type.block_elements;
  std::uint64_t elements = tensor.dims[0];
  bool overflow = __builtin_mul_overflow(size, type.block_bytes, &size);
  for (std::size_t i = 1; i < tensor.dims.size(); ++i) {
    overflow |= __builtin_mul_overflow(size, tensor.dims[i], &size);
    overflow |= __builtin_mul_overflow(elements, tensor.dims[i], &elements);
  }
  if (overflow)
    return reader.error(Code::kCorrupt, "tensor {} has dimensions whose product overflows 64 bits",
                        tensor.name);
  return size;
}

base::Result<Declared> read_declaration(Reader& reader, const Limits& limits) {
  Declared declared;
  Tensor& tensor = declared.tensor;
  tensor.name = TRY(reader.text(limits.tensor_name_bytes_max, "tensor name"));
  if (tensor.name.empty()) return reader.error(Code::kCorrupt, "a tensor has no name");
  tensor.dims_count = TRY(reader.number<std::uint32_t>("tensor dimension count"));
  if (tensor.dims_count < 1 || tensor.dims_count > tensor.dims.size())
    return reader.error(Code::kCorrupt, "tensor {} has {} dimensions, not 1 to 4", tensor.name,
                        tensor.dims_count);
  for (std::size_t i = 0; i < tensor.dims_count; ++i) {
    tensor.dims[i] = TRY(reader.number<std::uint64_t>("tensor dimension"));
    if (tensor.dims[i] == 0)
      return reader.error(Code::kCorrupt, "tensor {} has a dimension of 0", tensor.name);
  }
  const auto type_number = TRY(reader.number<std::uint32_t>("tensor type"));
  const std::optional<TensorTypeInfo> type = tensor_type_info(type_number);
  if (!type)
    return reader.error(Code::kUnsupported, "tensor {} has type number {}, which is not read here",
                        tensor.name, type_number);
  tensor.type = type->type;
  declared.offset_bytes = TRY(reader.number<std::uint64_t>("tensor offset"));
  declared.size_bytes = TRY(size_of(reader, tensor));
  return declared;
}

/// Gives each tensor its bytes. `data` is the data section.
base::Status place(const Reader& reader, std::span<const std::byte> data, std::size_t alignment,
                   std::vector<Declared>& declared) {
  for (Declared& d : declared) {
    if (d.offset_bytes % alignment != 0)
      return reader.error(Code::kCorrupt, "tensor {} lies at offset {}, not a multiple of {}",
                          d.tensor.name, d.offset_bytes, alignment);
    // Subtraction, because offset + size may wrap.
    if (d.offset_bytes > data.size() || d.size_bytes > data.size() - d.offset_bytes)
      return reader.error(
          Code::kCorrupt,
          "tensor {} takes {} bytes at offset {}, past the {} bytes of tensor data in the file; "
          "it is truncated or damaged",
          d.tensor.name, d.size_bytes, d.offset_bytes, data.size());
    d.tensor.data = data.subspan(static_cast<std::size_t>(d.offset_bytes),
                                 static_cast<std::size_t>(d.size_bytes));
  }
  return {};
}

base::Status check_disjoint(const Reader& reader, const std::vector<Declared>& declared) {
  std::vector<const Declared*> by_offset;
  by_offset.reserve(declared.size());
  for (const Declared& d : declared) by_offset.push_back(&d);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const Declared* a, const Declared* b) { return a->offset_bytes < b->offset_bytes; });
  for (std::size_t i = 1; i < by_offset.size(); ++i) {
    const Declared& before = *by_offset[i - 1];
    const Declared& after = *by_offset[i];
    if (before.size_bytes > after.offset_bytes - before.offset_bytes)
      return reader.error(Code::kCorrupt, "tensors {} and {} share bytes", before.tensor.name,
                          after.tensor.name);
  }
  return {};
}

}  // namespace

base::Result<std::vector<Tensor>> read_tensor_table(Reader& reader, std::uint64_t count,
                                                    std::size_t alignment,
                                                    std::span<const std::byte> bytes,
                                                    const Limits& limits) {
  TRY(reader.check_count(count, kDeclarationBytesLeast, limits.tensor_count_max, "tensors"));
  std::vector<Declared> declared;
  for (std::uint64_t i = 0; i < count; ++i)
    declared.push_back(TRY(read_declaration(reader, limits)));
  const std::size_t padding = (alignment - reader.offset() % alignment) % alignment;
  // A file of a vocabulary alone has no tensors and may end without padding.
  const std::size_t data_start = reader.offset() + std::min(padding, reader.left());
  TRY(place(reader, bytes.subspan(data_start), alignment, declared));
  TRY(check_disjoint(reader, declared));
  std::vector<Tensor> tensors;
  tensors.reserve(declared.size());
  for (const Declared& d : declared) tensors.push_back(d.tensor);
  return tensors;
}

}  // namespace nearside::gguf
