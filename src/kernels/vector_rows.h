// The row functions of table.h, written once in the vocabulary of a vector type.
//
// `V` is the vocabulary of one instruction set (avx2_vector.h, avx512_vector.h). Everything here
// and there has internal linkage, so each including file keeps its own copy, compiled with its own
// flags; a function shared by name might be replaced by a copy that needs a wider processor.
//
// Order of sums: lane i of accumulator k takes the elements at k * lanes + i, k = 0..3, then the
// accumulators are added pairwise and the lanes reduced. The tails use masked (zero) lanes.
#pragma once

#include "kernels/table.h"

namespace nearside::kernels {
namespace {

/// Calls whole(i) for each full vector and part(i, count) for the rest.
template <typename V, typename Whole, typename Part>
inline void for_vectors(std::size_t n, Whole whole, Part part) {
  std::size_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) whole(i);
  if (i < n) part(i, n - i);
}

/// exp(x). With x = k ln 2 + r, |r| <= ln 2 / 2, exp(x) = 2^k e^r, and e^r by its Taylor series up
/// to r^7: the first term left out is r^8 / 8! < 5.2e-9 relative; Horner's rounding and that of r
/// bring it to below 2.5e-7, which the tests check over the range. Below -87.3 (where the result
/// would be denormal) the result is 0, above 88.3 it stays at exp(88.3).
template <typename V>
inline typename V::F exp(typename V::F x) {
  const typename V::F low = V::set(-87.3f);
  const typename V::F bounded = V::max(low, V::min(V::set(88.3f), x));
  const typename V::F k = V::round(V::mul(bounded, V::set(1.44269504f)));
  // ln 2 in two parts: the first has so few bits that k times it is exact (Cody and Waite 1980).
  typename V::F r = V::fma(k, V::set(-0.693359375f), bounded);
  r = V::fma(k, V::set(2.12194440e-4f), r);
  typename V::F sum = V::set(1.0f / 5040);
  sum = V::fma(sum, r, V::set(1.0f / 720));
  sum = V::fma(sum, r, V::set(1.0f / 120));
  sum = V::fma(sum, r, V::set(1.0f / 24));
  sum = V::fma(sum, r, V::set(1.0f / 6));
  sum = V::fma(sum, r, V::set(0.5f));
  sum = V::fma(sum, r, V::set(1.0f));
  sum = V::fma(sum, r, V::set(1.0f));
  return V::zero_where_less(x, low, V::times_power_of_two(sum, k));
}

template <typename V>
inline typename V::F sigmoid(typename V::F x) {
  const typename V::F one = V::set(1.0f);
  return V::div(one, V::add(one, exp<V>(V::sub(V::set(0.0f), x))));
}

/// f(a vector of each input) summed over n elements.
template <typename V, typename Load>
inline float sum_over(std::size_t n, Load load) {
  constexpr std::size_t kLanes = V::kLanes;
  typename V::F sums[4] = {V::set(0), V::set(0), V::set(0), V::set(0)};
  std::size_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes)
    for (std::size_t k = 0; k < 4; ++k) sums[k] = load(sums[k], i + k * kLanes, kLanes);
  for (std::size_t k = 0; i < n; ++k, i += kLanes)
    sums[k] = load(sums[k], i, n - i < kLanes ? n - i : kLanes);
  return V::reduce_add(V::add(V::add(sums[0], sums[2]), V::add(sums[1], sums[3])));
}

template <typename V>
inline typename V::F load_count(const float* x, std::size_t count) {
  return count == V::kLanes ? V::load(x) : V::load_part(x, count);
}

template <typename V>
struct Rows {
  using F = typename V::F;
  static constexpr std::size_t kLanes = V::kLanes;

  /// out[i] = f(i, vector loader) over whole and partial vectors.
  template <typename Function>
  static void map(std::size_t n, float* out, Function function) {
    for_vectors<V>(
        n, [&](std::size_t i) { V::store(out + i, function(i, kLanes)); },
        [&](std::size_t i, std::size_t count) {
          V::store_part(out + i, function(i, count), count);
        });
  }

  static void rms_norm(const float* x, const float* weight, std::size_t n, float epsilon,
                       float* out) {
    const float squares = sum_over<V>(n, [&](F sum, std::size_t i, std::size_t count) {
      const F v = load_count<V>(x + i, count);
      return V::fma(v, v, sum);
    });
    const F factor = V::set(1.0f / __builtin_sqrtf(squares / static_cast<float>(n) + epsilon));
    map(n, out, [&](std::size_t i, std::size_t count) {
      return V::mul(V::mul(load_count<V>(x + i, count), factor), load_count<V>(weight + i, count));
    });
  }

  static void layer_norm(const float* x, const float* weight, const float* bias, std::size_t n,
                         float epsilon, float* out) {
    const float sum = sum_over<V>(n, [&](F total, std::size_t i, std::size_t count) {
      return V::add(total, load_count<V>(x + i, count));
    });
    const F mean = V::set(sum / static_cast<float>(n));
    const float squares = sum_over<V>(n, [&](F total, std::size_t i, std::size_t count) {
      const F v = V::first(V::sub(load_count<V>(x + i, count), mean), count);
      return V::fma(v, v, total);
    });
    const F factor = V::set(1.0f / __builtin_sqrtf(squares / static_cast<float>(n) + epsilon));
    map(n, out, [&](std::size_t i, std::size_t count) {
      const F v = V::mul(V::sub(load_count<V>(x + i, count), mean), factor);
      const F b = bias != nullptr ? load_count<V>(bias + i, count) : V::set(0.0f);
      return V::fma(v, load_count<V>(weight + i, count), b);
    });
  }

  static void softmax(float* x, const float* mask, std::size_t n, float scale) {
    const F factor = V::set(scale);
    F greatest_lanes = V::set(-__builtin_inff());
    const auto scaled = [&](std::size_t i, std::size_t count) {
      const F v = V::mul(load_count<V>(x + i, count), factor);
      return mask != nullptr ? V::add(v, load_count<V>(mask + i, count)) : v;
    };
    for_vectors<V>(
        n,
        [&](std::size_t i) {
          const F v = scaled(i, kLanes);
          greatest_lanes = V::max(greatest_lanes, v);
          V::store(x + i, v);
        },
        [&](std::size_t i, std::size_t count) {
          const F v = scaled(i, count);
          greatest_lanes = V::max_first(greatest_lanes, v, count);
          V::store_part(x + i, v, count);
        });
    const float greatest = V::reduce_max(greatest_lanes);
    if (greatest == -__builtin_inff()) {
      map(n, x, [&](std::size_t, std::size_t) { return V::set(0.0f); });
      return;
    }
    const F shift = V::set(greatest);
    const float sum = sum_over<V>(n, [&](F total, std::size_t i, std::size_t count) {
      const F e = V::first(exp<V>(V::sub(load_count<V>(x + i, count), shift)), count);
      V::store_part(x + i, e, count);
      return V::add(total, e);
    });
    Rows::scale(x, n, 1.0f / sum);
  }

  static void silu_mul(const float* gate, const float* up, std::size_t n, float* out) {
    map(n, out, [&](std::size_t i, std::size_t count) {
      const F v = load_count<V>(gate + i, count);
      return V::mul(V::mul(v, sigmoid<V>(v)), load_count<V>(up + i, count));
    });
  }

  /// (1 + tanh(u)) / 2 is sigmoid(2u).
  static void gelu_mul(const float* gate, const float* up, std::size_t n, float* out) {
    map(n, out, [&](std::size_t i, std::size_t count) {
      const F v = load_count<V>(gate + i, count);
      const F cubic = V::fma(V::mul(V::set(0.044715f), v), v, V::set(1.0f));
      const F inner = V::mul(V::mul(V::set(2 * 0.79788456f), v), cubic);
      return V::mul(V::mul(v, sigmoid<V>(inner)), load_count<V>(up + i, count));
    });
  }

  static void add(const float* a, const float* b, std::size_t n, float* out) {
    map(n, out, [&](std::size_t i, std::size_t count) {
      return V::add(load_count<V>(a + i, count), load_count<V>(b + i, count));
    });
  }

  static void mul(const float* a, const float* b, std::size_t n, float* out) {
    map(n, out, [&](std::size_t i, std::size_t count) {
      return V::mul(load_count<V>(a + i, count), load_count<V>(b + i, count));
    });
  }

  static void scale(float* x, std::size_t n, float factor) {
    const F f = V::set(factor);
    map(n, x,
        [&](std::size_t i, std::size_t count) { return V::mul(load_count<V>(x + i, count), f); });
  }

  static void axpy(float factor, const float* x, std::size_t n, float* y) {
    const F f = V::set(factor);
    map(n, y, [&](std::size_t i, std::size_t count) {
      return V::fma(f, load_count<V>(x + i, count), load_count<V>(y + i, count));
    });
  }

  static float dot_f32(const float* a, const float* b, std::size_t n) {
    return sum_over<V>(n, [&](F sum, std::size_t i, std::size_t count) {
      return V::fma(load_count<V>(a + i, count), load_count<V>(b + i, count), sum);
    });
  }

  static std::size_t argmax(const float* x, std::size_t n) {
    F lanes = V::set(-__builtin_inff());
    // max(v, lanes) keeps `lanes` where v is not a number.
    for_vectors<V>(
        n, [&](std::size_t i) { lanes = V::max(V::load(x + i), lanes); },
        [&](std::size_t i, std::size_t count) {
          for (std::size_t j = i; j < i + count; ++j) lanes = V::max(V::set(x[j]), lanes);
        });
    const float greatest = V::reduce_max(lanes);
    std::size_t i = 0;
    while (i + kLanes <= n && !V::any_equal(V::load(x + i), V::set(greatest))) i += kLanes;
    for (; i < n; ++i)
      if (x[i] == greatest) return i;
    return 0;  // nothing but NaN
  }

  static void widen(const Half* in, std::size_t n, float* out) {
    for_vectors<V>(
        n, [&](std::size_t i) { V::store(out + i, V::load_half(in + i)); },
        [&](std::size_t i, std::size_t count) {
          V::store_part(out + i, V::load_half_part(in + i, count), count);
        });
  }

  static void narrow(const float* in, std::size_t n, Half* out) {
    for_vectors<V>(
        n, [&](std::size_t i) { V::store_half(out + i, V::load(in + i)); },
        [&](std::size_t i, std::size_t count) {
          V::store_half_part(out + i, V::load_part(in + i, count), count);
        });
  }

  static void rope_halves(float* head, std::size_t pairs, const float* cosines,
                          const float* sines) {
    const auto turn = [&](std::size_t i, std::size_t count) {
      const F c = load_count<V>(cosines + i, count);
      const F s = load_count<V>(sines + i, count);
      const F x = load_count<V>(head + i, count);
      const F y = load_count<V>(head + pairs + i, count);
      V::store_part(head + i, V::fma(x, c, V::sub(V::set(0.0f), V::mul(y, s))), count);
      V::store_part(head + pairs + i, V::fma(x, s, V::mul(y, c)), count);
    };
    for_vectors<V>(
        pairs, [&](std::size_t i) { turn(i, kLanes); },
        [&](std::size_t i, std::size_t count) { turn(i, count); });
  }

  /// Pairs lie next to each other: v' = v * (c, c) + swapped v * (-s, s).
  static void rope_interleaved(float* head, std::size_t pairs, const float* cosines,
                               const float* sines) {
    constexpr std::size_t kPairs = kLanes / 2;
    std::size_t i = 0;
    for (; i + kPairs <= pairs; i += kPairs) {
      const F v = V::load(head + 2 * i);
      const F c = V::load_doubled(cosines + i);
      const F s = V::load_doubled(sines + i);
      V::store(head + 2 * i, V::fma_add_sub(v, c, V::mul(V::swap_pairs(v), s)));
    }
    for (; i < pairs; ++i) {
      const float x = head[2 * i];
      const float y = head[2 * i + 1];
      head[2 * i] = __builtin_fmaf(x, cosines[i], -(y * sines[i]));
      head[2 * i + 1] = __builtin_fmaf(y, cosines[i], x * sines[i]);
    }
  }

  /// Everything of a table but its attention and products.
  static constexpr Table table(const char* name) {
    return {
        .name = name,
        .rms_norm = rms_norm,
        .layer_norm = layer_norm,
        .softmax = softmax,
        .silu_mul = silu_mul,
        .gelu_mul = gelu_mul,
        .add = add,
        .mul = mul,
        .scale = scale,
        .axpy = axpy,
        .dot_f32 = dot_f32,
        .argmax = argmax,
        .f16_to_f32 = widen,
        .f32_to_f16 = narrow,
        .rope_halves = rope_halves,
        .rope_interleaved = rope_interleaved,
        .attention = nullptr,
        .quantize_activations = nullptr,
        .product = nullptr,
    };
  }
};

}  // namespace
}  // namespace nearside::kernels
