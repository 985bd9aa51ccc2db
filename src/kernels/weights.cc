#include "kernels/weights.h"

#include <new>

#include "base/check.h"
#include "kernels/format.h"
#include "kernels/table.h"

namespace nearside::kernels {

namespace {

constexpr std::align_val_t kPackedAlignment{64};  // one cache line, one AVX-512 register

std::shared_ptr<std::byte[]> allocate_packed(std::size_t bytes) {
  return {static_cast<std::byte*>(::operator new[](bytes, kPackedAlignment)),
          [](std::byte* data) { ::operator delete[](data, kPackedAlignment); }};
}

}  // namespace

bool Weights::supports(gguf::TensorType type, std::size_t columns) {
  const Format* found = find_format(type);
  return found != nullptr && columns % found->block_elements == 0;
}

Weights Weights::prepare(const WeightView& view, const Table& table) {
  CHECK(supports(view.type, view.columns));
  Weights out;
  out.view_ = view;
  out.operand_ = {
      .format = &format(view.type), .rows = view.rows, .columns = view.columns, .data = view.data};
  out.product_ = &table.product(view.type);
  if (out.product_->pack != nullptr) {
    out.packed_bytes_ = out.product_->packed_bytes(view.rows, view.columns);
    const std::shared_ptr<std::byte[]> packed = allocate_packed(out.packed_bytes_);
    out.product_->pack(out.operand_, packed.get());
    out.packed_ = packed;
    out.operand_.data = packed.get();
  }
  return out;
}

void dequantize_row(const WeightView& view, std::size_t row, float* out) {
  DCHECK(row < view.rows);
  const Format& row_format = format(view.type);
  row_format.dequantize_row(view.data + row * row_format.row_bytes(view.columns), view.columns,
                            out);
}

}  // namespace nearside::kernels
