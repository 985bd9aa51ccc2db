#include "kernels/sgemm.h"

#include <algorithm>
#include <array>

#include "kernels/sgemm_tiles.h"

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace nearside::kernels {
namespace {

// Block sizes: a packed panel of B (256 x 32 floats, 32 KiB) stays in the first-level cache, the
// packed block of A (168 x 256 floats, 172 KiB) and of B (256 x 512 floats, 512 KiB) in the second.
// Source: Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008).
constexpr std::size_t kDepthBlock = 256;
constexpr std::size_t kRowBlock = 168;  // a multiple of every kernel's rows (14, 6, 4)
constexpr std::size_t kColumnBlock = 512;
constexpr std::size_t kTileFloatsMax = 14 * 32;

#if defined(__SSE__)
// Four rows become four neighbouring columns: packing one row at a time would touch a cache line
// for every element (it took a quarter of the training time).
void transpose_four(const float* from, std::size_t row_stride, std::size_t depth, std::size_t width,
                    float* to) {
  const float* row0 = from;
  const float* row1 = row0 + row_stride;
  const float* row2 = row1 + row_stride;
  const float* row3 = row2 + row_stride;
  std::size_t p = 0;
  for (; p + 4 <= depth; p += 4, to += 4 * width) {
    __m128 a = _mm_loadu_ps(row0 + p);
    __m128 b = _mm_loadu_ps(row1 + p);
    __m128 c = _mm_loadu_ps(row2 + p);
    __m128 d = _mm_loadu_ps(row3 + p);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + width, b);
    _mm_storeu_ps(to + 2 * width, c);
    _mm_storeu_ps(to + 3 * width, d);
  }
  for (; p < depth; ++p, to += width) {
    to[0] = row0[p];
    to[1] = row1[p];
    to[2] = row2[p];
    to[3] = row3[p];
  }
}
#endif

// Copies `count` rows of a (each `depth` long, from element [first, 0]) into panels of `width`
// rows, depth-major, zero-filled to the panel's end: the kernel then reads memory in order, and
// edges need no case of their own.
void pack(const Strided& a, std::size_t first, std::size_t count, std::size_t depth_first,
          std::size_t depth, std::size_t width, float* out) {
  for (std::size_t panel = 0; panel < count; panel += width) {
    const std::size_t used = std::min(width, count - panel);
    const float* from = a.data + (first + panel) * a.row_stride + depth_first * a.column_stride;
    if (a.row_stride == 1) {
      for (std::size_t p = 0; p < depth; ++p) {
        const float* column = from + p * a.column_stride;
        float* to = out + p * width;
        for (std::size_t i = 0; i < used; ++i) to[i] = column[i];
        for (std::size_t i = used; i < width; ++i) to[i] = 0;
      }
    } else {
      std::size_t i = 0;
#if defined(__SSE__)
      if (a.column_stride == 1)
        for (; i + 4 <= used; i += 4)
          transpose_four(from + i * a.row_stride, a.row_stride, depth, width, out + i);
#endif
      for (; i < used; ++i) {
        const float* row = from + i * a.row_stride;
        for (std::size_t p = 0; p < depth; ++p) out[p * width + i] = row[p * a.column_stride];
      }
      for (; i < width; ++i)
        for (std::size_t p = 0; p < depth; ++p) out[p * width + i] = 0;
    }
    out += depth * width;
  }
}

void convert(const SgemmKernel& kernel, float* panels, std::size_t count, std::size_t depth,
             std::size_t width) {
  if (kernel.convert == nullptr) return;
  for (std::size_t panel = 0; panel < count; panel += width, panels += depth * width)
    kernel.convert(panels, depth, width);
}

std::size_t rounded_up(std::size_t value, std::size_t step) {
  return (value + step - 1) / step * step;
}

}  // namespace

std::vector<const SgemmKernel*> sgemm_kernels() {
  std::vector<const SgemmKernel*> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") != 0) kernels.push_back(&sgemm_avx512());
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0)
    kernels.push_back(&sgemm_avx2());
#endif
  kernels.push_back(&sgemm_scalar());
  return kernels;
}

const SgemmKernel* sgemm_bf16_kernel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bf16") != 0)
    return &sgemm_avx512_bf16();
#endif
  return nullptr;
}

void Sgemm::multiply(std::size_t m, std::size_t n, std::size_t k, const Strided& a,
                     const Strided& b, float* c, std::size_t c_stride, bool accumulate) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (!accumulate)
      for (std::size_t i = 0; i < m; ++i) std::fill_n(c + i * c_stride, n, 0.0F);
    return;
  }
  const std::size_t rows = kernel_->rows;
  const std::size_t columns = kernel_->columns;
  const std::size_t depth_max = std::min(k, kDepthBlock);
  packed_a_.resize(
      std::max(packed_a_.size(), rounded_up(std::min(m, kRowBlock), rows) * depth_max));
  packed_b_.resize(
      std::max(packed_b_.size(), rounded_up(std::min(n, kColumnBlock), columns) * depth_max));
  std::array<float, kTileFloatsMax> edge;

  for (std::size_t jc = 0; jc < n; jc += kColumnBlock) {
    const std::size_t nc = std::min(kColumnBlock, n - jc);
    for (std::size_t pc = 0; pc < k; pc += kDepthBlock) {
      const std::size_t kc = std::min(kDepthBlock, k - pc);
      const bool adds = accumulate || pc > 0;
      pack(b.transposed(), jc, nc, pc, kc, columns, packed_b_.data());
      convert(*kernel_, packed_b_.data(), nc, kc, columns);
      for (std::size_t ic = 0; ic < m; ic += kRowBlock) {
        const std::size_t mc = std::min(kRowBlock, m - ic);
        pack(a, ic, mc, pc, kc, rows, packed_a_.data());
        convert(*kernel_, packed_a_.data(), mc, kc, rows);
        for (std::size_t j = 0; j < nc; j += columns) {
          const float* b_panel = packed_b_.data() + j * kc;
          for (std::size_t i = 0; i < mc; i += rows) {
            const float* a_panel = packed_a_.data() + i * kc;
            float* c_tile = c + (ic + i) * c_stride + jc + j;
            if (i + rows <= mc && j + columns <= nc) {
              kernel_->tile(kc, a_panel, b_panel, c_tile, c_stride, adds);
              continue;
            }
            kernel_->tile(kc, a_panel, b_panel, edge.data(), columns, false);
            for (std::size_t y = 0; y < std::min(rows, mc - i); ++y)
              for (std::size_t x = 0; x < std::min(columns, nc - j); ++x) {
                float& to = c_tile[y * c_stride + x];
                to = edge[y * columns + x] + (adds ? to : 0.0F);
              }
          }
        }
      }
    }
  }
}

}  // namespace nearside::kernels
