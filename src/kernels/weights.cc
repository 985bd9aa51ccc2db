#include "kernels/weights.h"

#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "base/check.h"
#include "kernels/format.h"
#include "kernels/table.h"

namespace nearside::kernels {

namespace {

constexpr std::align_val_t kPackedAlignment{64};  // one cache line, one AVX-512 register

/// Large copies ask for large pages: reading them in order then misses no address translations,
/// and the processor's prefetching need not stop every 4 KiB. Only whole large pages are asked for,
/// so that no matrix takes more memory than it has bytes.
constexpr std::size_t kLargePageBytes = std::size_t{2} << 20;

std::shared_ptr<std::byte[]> allocate_packed(std::size_t bytes) {
  const bool large = bytes >= kLargePageBytes;
  const std::align_val_t alignment = large ? std::align_val_t{kLargePageBytes} : kPackedAlignment;
  auto* const data = static_cast<std::byte*>(::operator new[](bytes, alignment));
#if defined(__linux__)
  if (large) ::madvise(data, bytes / kLargePageBytes * kLargePageBytes, MADV_HUGEPAGE);
#endif
  return {data, [alignment](std::byte* memory) { ::operator delete[](memory, alignment); }};
}

/// Rows of a matrix in its wider format.
std::unique_ptr<std::byte[]> widen(const Format& narrow, const std::byte* data, std::size_t rows,
                                   std::size_t columns) {
  const std::size_t row_bytes = narrow.row_bytes(columns);
  const std::size_t wide_row_bytes = format(narrow.wider.type).row_bytes(columns);
  std::unique_ptr<std::byte[]> out(new std::byte[rows * wide_row_bytes]);
  for (std::size_t r = 0; r < rows; ++r)
    narrow.wider.widen_row(data + r * row_bytes, columns, out.get() + r * wide_row_bytes);
  return out;
}

}  // namespace

bool Weights::supports(gguf::TensorType type, std::size_t columns) {
  const Format* found = find_format(type);
  return found != nullptr && columns % found->block_elements == 0;
}

const Format& multiplied_format(gguf::TensorType type, const Table& table) {
  const Format& own = format(type);
  const bool borrow = table.product(type).pack == nullptr && own.wider.widen_row != nullptr &&
                      table.product(own.wider.type).pack != nullptr;
  return borrow ? format(own.wider.type) : own;
}

Weights Weights::prepare(const WeightView& view, const Table& table) {
  Weights out = reserve(view, table);
  out.pack(0, out.rows(), view.data);
  return out;
}

Weights Weights::reserve(const WeightView& view, const Table& table) {
  CHECK(supports(view.type, view.columns));
  Weights out;
  out.view_ = view;
  const Format& multiplied = multiplied_format(view.type, table);
  out.operand_ = {
      .format = &multiplied, .rows = view.rows, .columns = view.columns, .data = view.data};
  out.product_ = &table.product(multiplied.type);
  if (out.product_->pack == nullptr) return out;
  CHECK(kPackRowsStep % out.product_->rows_per_panel == 0);
  out.packed_bytes_ = out.product_->packed_bytes(view.rows, view.columns);
  out.packed_ = allocate_packed(out.packed_bytes_);
  out.operand_.data = out.packed_.get();
  return out;
}

void Weights::pack(std::size_t row_begin, std::size_t row_end, const std::byte* from_rows) const {
  CHECK(row_begin <= row_end && row_end <= rows());
  CHECK(row_begin % kPackRowsStep == 0 && (row_end % kPackRowsStep == 0 || row_end == rows()));
  if (product_->pack == nullptr || row_begin == row_end) return;
  const Format& own = format(view_.type);
  const std::size_t count = row_end - row_begin;
  Operand from{.format = operand_.format, .rows = count, .columns = columns(), .data = from_rows};
  std::unique_ptr<std::byte[]> widened;
  if (operand_.format != &own) {
    widened = widen(own, from.data, count, columns());
    from.data = widened.get();
  }
  product_->pack(from, packed_.get() + product_->packed_bytes(row_begin, columns()));
}

void dequantize_row(const WeightView& view, std::size_t row, float* out) {
  DCHECK(row < view.rows);
  const Format& row_format = format(view.type);
  row_format.dequantize_row(view.data + row * row_format.row_bytes(view.columns), view.columns,
                            out);
}

}  // namespace nearside::kernels
