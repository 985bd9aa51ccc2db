#include "train/ops.h"

#include <algorithm>
#include <cmath>

#include "train/exponential.h"

// The same loop for three instruction sets, chosen when the program starts: element-wise work is a
// fifth of a step at the baseline's four lanes. Sanitizers start before such a choice can be made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define NEARSIDE_WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define NEARSIDE_WIDE
#endif

namespace nearside::train {
namespace {

// Eight running sums let the compiler use vector lanes without reordering one sum, which it may
// not do by itself.
constexpr std::size_t kLanes = 8;

NEARSIDE_WIDE float dot(const float* a, const float* b, std::size_t count) {
  float sums[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (std::size_t j = 0; j < kLanes; ++j) sums[j] += a[i + j] * b[i + j];
  float total = 0;
  for (; i < count; ++i) total += a[i] * b[i];
  for (const float sum : sums) total += sum;
  return total;
}

NEARSIDE_WIDE float exponentials(float* x, std::size_t count, float shift) {
  for (std::size_t i = 0; i < count; ++i) x[i] = exponential(x[i] - shift);
  float sums[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (std::size_t j = 0; j < kLanes; ++j) sums[j] += x[i + j];
  float total = 0;
  for (; i < count; ++i) total += x[i];
  for (const float sum : sums) total += sum;
  return total;
}

}  // namespace

NEARSIDE_WIDE void rms_norm(const float* x, const float* gain, std::size_t rows, std::size_t dim,
                            float epsilon, float* y) {
  for (std::size_t r = 0; r < rows; ++r, x += dim, y += dim) {
    const float scale = 1.0F / std::sqrt(dot(x, x, dim) / static_cast<float>(dim) + epsilon);
    for (std::size_t i = 0; i < dim; ++i) y[i] = x[i] * scale * gain[i];
  }
}

NEARSIDE_WIDE void rms_norm_backward(const float* x, const float* gain, const float* d_y,
                                     std::size_t rows, std::size_t dim, float epsilon, float* d_x,
                                     float* d_gain) {
  std::vector<float> weighted(dim);
  for (std::size_t r = 0; r < rows; ++r, x += dim, d_y += dim, d_x += dim) {
    const float scale = 1.0F / std::sqrt(dot(x, x, dim) / static_cast<float>(dim) + epsilon);
    for (std::size_t i = 0; i < dim; ++i) weighted[i] = d_y[i] * gain[i];
    const float along =
        dot(weighted.data(), x, dim) * scale * scale * scale / static_cast<float>(dim);
    for (std::size_t i = 0; i < dim; ++i) {
      d_x[i] += weighted[i] * scale - x[i] * along;
      d_gain[i] += d_y[i] * x[i] * scale;
    }
  }
}

Rope::Rope(std::size_t positions, std::size_t head_dim, float base)
    : half_(head_dim / 2), cosine_sine_(positions * head_dim) {
  for (std::size_t p = 0; p < positions; ++p)
    for (std::size_t i = 0; i < half_; ++i) {
      const double angle = static_cast<double>(p) *
                           std::pow(static_cast<double>(base),
                                    -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
      cosine_sine_[(p * half_ + i) * 2] = static_cast<float>(std::cos(angle));
      cosine_sine_[(p * half_ + i) * 2 + 1] = static_cast<float>(std::sin(angle));
    }
}

NEARSIDE_WIDE void Rope::rotate(float* x, std::size_t heads, std::size_t position,
                                float sign) const {
  const float* table = cosine_sine_.data() + position * half_ * 2;
  for (std::size_t h = 0; h < heads; ++h, x += 2 * half_)
    for (std::size_t i = 0; i < half_; ++i) {
      const float cosine = table[2 * i];
      const float sine = sign * table[2 * i + 1];
      const float a = x[2 * i];
      const float b = x[2 * i + 1];
      x[2 * i] = a * cosine - b * sine;
      x[2 * i + 1] = a * sine + b * cosine;
    }
}

void Rope::turn(float* x, std::size_t heads, std::size_t position) const {
  rotate(x, heads, position, 1.0F);
}
void Rope::turn_back(float* x, std::size_t heads, std::size_t position) const {
  rotate(x, heads, position, -1.0F);
}

void attention(const AttentionShape& shape, const float* qkv, float* probabilities, float* out,
               kernels::Sgemm& sgemm) {
  const std::size_t n = shape.tokens;
  const std::size_t row = shape.row();
  const std::size_t out_row = shape.heads * shape.head_dim;
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
  for (std::size_t h = 0; h < shape.heads; ++h) {
    const std::size_t kv = h / (shape.heads / shape.kv_heads);
    const float* q = qkv + h * shape.head_dim;
    const float* k = qkv + (shape.heads + kv) * shape.head_dim;
    const float* v = k + shape.kv_heads * shape.head_dim;
    float* p = probabilities + h * n * n;
    sgemm.multiply(n, n, shape.head_dim, {q, row, 1}, {k, 1, row}, p, n, false);
    for (std::size_t i = 0; i < n; ++i) {
      float* scores = p + i * n;
      float largest = scores[0];
      for (std::size_t j = 0; j <= i; ++j) largest = std::max(largest, scores[j]);
      for (std::size_t j = 0; j <= i; ++j) scores[j] = (scores[j] - largest) * scale;
      const float inverse = 1.0F / exponentials(scores, i + 1, 0.0F);
      for (std::size_t j = 0; j <= i; ++j) scores[j] *= inverse;
      std::fill(scores + i + 1, scores + n, 0.0F);
    }
    sgemm.multiply(n, shape.head_dim, n, {p, n, 1}, {v, row, 1}, out + h * shape.head_dim, out_row,
                   false);
  }
}

void attention_backward(const AttentionShape& shape, const float* qkv, const float* probabilities,
                        const float* d_out, float* d_qkv, float* scratch, kernels::Sgemm& sgemm) {
  const std::size_t n = shape.tokens;
  const std::size_t row = shape.row();
  const std::size_t out_row = shape.heads * shape.head_dim;
  const std::size_t group = shape.heads / shape.kv_heads;
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape.head_dim));
  for (std::size_t h = 0; h < shape.heads; ++h) {
    const std::size_t q_at = h * shape.head_dim;
    const std::size_t k_at = (shape.heads + h / group) * shape.head_dim;
    const std::size_t v_at = k_at + shape.kv_heads * shape.head_dim;
    const bool adds = h % group != 0;  // the first head of a group writes its shared key and value
    const float* p = probabilities + h * n * n;
    const float* d_o = d_out + h * shape.head_dim;
    // d p = d_out v^T, d v = p^T d_out.
    sgemm.multiply(n, n, shape.head_dim, {d_o, out_row, 1}, {qkv + v_at, 1, row}, scratch, n,
                   false);
    sgemm.multiply(n, shape.head_dim, n, {p, 1, n}, {d_o, out_row, 1}, d_qkv + v_at, row, adds);
    // Through softmax: d s = p (d p - sum(p d p)), and the scale of the scores.
    for (std::size_t i = 0; i < n; ++i) {
      const float* pi = p + i * n;
      float* ds = scratch + i * n;
      const float mean = dot(pi, ds, i + 1);
      for (std::size_t j = 0; j <= i; ++j) ds[j] = pi[j] * (ds[j] - mean) * scale;
      std::fill(ds + i + 1, ds + n, 0.0F);
    }
    sgemm.multiply(n, shape.head_dim, n, {scratch, n, 1}, {qkv + k_at, row, 1}, d_qkv + q_at, row,
                   false);
    sgemm.multiply(n, shape.head_dim, n, {scratch, 1, n}, {qkv + q_at, row, 1}, d_qkv + k_at, row,
                   adds);
  }
}

NEARSIDE_WIDE void swiglu(const float* gate_up, std::size_t rows, std::size_t ffn_dim, float* out) {
  for (std::size_t r = 0; r < rows; ++r, gate_up += 2 * ffn_dim, out += ffn_dim)
    for (std::size_t i = 0; i < ffn_dim; ++i)
      out[i] = gate_up[i] / (1.0F + exponential(-gate_up[i])) * gate_up[ffn_dim + i];
}

NEARSIDE_WIDE void swiglu_backward(const float* gate_up, const float* d_out, std::size_t rows,
                                   std::size_t ffn_dim, float* d_gate_up) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < ffn_dim; ++i) {
      const float gate = gate_up[i];
      const float up = gate_up[ffn_dim + i];
      const float sigmoid = 1.0F / (1.0F + exponential(-gate));
      d_gate_up[i] = d_out[i] * up * sigmoid * (1.0F + gate * (1.0F - sigmoid));
      d_gate_up[ffn_dim + i] = d_out[i] * gate * sigmoid;
    }
    gate_up += 2 * ffn_dim;
    d_gate_up += 2 * ffn_dim;
    d_out += ffn_dim;
  }
}

NEARSIDE_WIDE CrossEntropy cross_entropy(float* logits, const std::int32_t* targets,
                                         std::size_t rows, std::size_t vocabulary, float scale,
                                         bool* hit) {
  CrossEntropy result;
  for (std::size_t r = 0; r < rows; ++r, logits += vocabulary) {
    const auto target = static_cast<std::size_t>(targets[r]);
    const auto best =
        static_cast<std::size_t>(std::max_element(logits, logits + vocabulary) - logits);
    const float largest = logits[best];
    const float at_target = logits[target] - largest;
    const float sum = exponentials(logits, vocabulary, largest);
    result.loss_sum += std::log(static_cast<double>(sum)) - static_cast<double>(at_target);
    result.correct += best == target ? 1U : 0U;
    if (hit != nullptr) hit[r] = best == target;
    const float factor = scale / sum;
    for (std::size_t i = 0; i < vocabulary; ++i) logits[i] *= factor;
    logits[target] -= scale;
  }
  return result;
}

}  // namespace nearside::train
