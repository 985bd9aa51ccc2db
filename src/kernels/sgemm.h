// Products of f32 matrices, for training: activations, weights and gradients are all f32 there.
#pragma once

#include <cstddef>
#include <vector>

namespace nearside::kernels {

/// A matrix in memory: element [i, j] is data[i * row_stride + j * column_stride]. Transposing is
/// swapping the strides.
struct Strided {
  const float* data = nullptr;
  std::size_t row_stride = 0;
  std::size_t column_stride = 1;

  [[nodiscard]] Strided transposed() const { return {data, column_stride, row_stride}; }
};

/// The inner product of one instruction set: a tile of `rows` x `columns` of C from packed panels.
struct SgemmKernel {
  const char* name;
  std::size_t rows;
  std::size_t columns;
  /// c[i, j] = (accumulate ? c[i, j] : 0) + sum over p < depth of a[p, i] * b[p, j].
  /// Shapes: a [depth, rows], b [depth, columns], c [rows, columns] with row stride `c_stride`.
  void (*tile)(std::size_t depth, const float* a, const float* b, float* c, std::size_t c_stride,
               bool accumulate);
  /// Rewrites a packed panel [depth, width] in place into what `tile` reads; null: nothing to do.
  void (*convert)(float* panel, std::size_t depth, std::size_t width) = nullptr;
};

/// Kernels this machine can run with f32 products, the fastest first; the last is the plain
/// reference.
std::vector<const SgemmKernel*> sgemm_kernels();

/// Rounds the inputs to bfloat16 (8 significant bits) and adds up their exact products in f32:
/// twice the multiplications a cycle, a relative error of up to 2^-7 in each product. Enough for
/// training where weights and moments stay f32. Null where the processor lacks AVX512_BF16.
const SgemmKernel* sgemm_bf16_kernel();

/// Packs and blocks; owns its packing buffers. Not thread-safe: one for each thread. (Training
/// threads over parts of a batch, each with many products, instead of inside one product: one
/// fork-join a step instead of hundreds, which matters on a machine that does other work too.)
class Sgemm {
 public:
  explicit Sgemm(const SgemmKernel& kernel = *sgemm_kernels().front()) : kernel_(&kernel) {}

  /// c[i, j] = (accumulate ? c[i, j] : 0) + sum over p of a[i, p] * b[p, j].
  /// Shapes: a [m, k], b [k, n], c [m, n] row-major with `c_stride` floats between rows.
  /// The order of summation depends on the shapes and the kernel only. `c` overlaps neither input.
  void multiply(std::size_t m, std::size_t n, std::size_t k, const Strided& a, const Strided& b,
                float* c, std::size_t c_stride, bool accumulate);

 private:
  const SgemmKernel* kernel_;
  std::vector<float> packed_a_;
  std::vector<float> packed_b_;
};

}  // namespace nearside::kernels
