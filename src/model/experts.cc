#include "model/experts.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "kernels/table.h"
#include "model/parallel.h"

namespace nearside::model {

namespace {

void at_least(std::vector<float>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size);
}

/// Shapes: bias, row [bias.size()]; nothing where there is none.
void add_bias(const std::vector<float>& bias, float* row, const kernels::Context& context) {
  if (!bias.empty()) context.table.add(row, bias.data(), bias.size(), row);
}

}  // namespace

std::vector<ExpertShare> choose_experts(const float* scores, std::size_t experts,
                                        std::size_t used) {
  std::vector<std::size_t> order(experts);
  std::iota(order.begin(), order.end(), std::size_t{0});
  // NaN compares as the least, so that this is an order whatever broken weights give.
  const auto score = [&](std::size_t e) {
    return std::isnan(scores[e]) ? -std::numeric_limits<float>::infinity() : scores[e];
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(used), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return score(a) > score(b) || (score(a) == score(b) && a < b);
                    });
  std::vector<ExpertShare> chosen(used);
  float total = 0.0F;
  for (std::size_t i = 0; i < used; ++i) {
    chosen[i] = {order[i], std::exp(scores[order[i]] - scores[order[0]])};
    total += chosen[i].weight;
  }
  for (ExpertShare& share : chosen) share.weight /= total;
  std::sort(chosen.begin(), chosen.end(),
            [](const ExpertShare& a, const ExpertShare& b) { return a.expert < b.expert; });
  return chosen;
}

void ExpertBlock::compute(const Experts& experts, Gate gate, const float* x, std::size_t rows,
                          float* out, kernels::Context& context) {
  const std::size_t count = experts.all.size();
  const std::size_t embedding = experts.router.columns();
  at_least(scores_, rows * count);
  kernels::matmul(experts.router, x, rows, scores_.data(), context);
  for (std::size_t row = 0; row < rows; ++row)
    add_bias(experts.router_bias, &scores_[row * count], context);
  visits_.resize(count);
  for (std::vector<Visit>& visits : visits_) visits.clear();
  for (std::size_t row = 0; row < rows; ++row)
    for (const ExpertShare& share : choose_experts(&scores_[row * count], count, experts.used))
      visits_[share.expert].push_back({row, share.weight});
  std::fill(out, out + rows * embedding, 0.0F);
  for (std::size_t i = 0; i < count; ++i)
    if (!visits_[i].empty()) compute_one(experts.all[i], gate, visits_[i], x, out, context);
}

void ExpertBlock::compute_one(const Expert& expert, Gate gate, const std::vector<Visit>& visits,
                              const float* x, float* out, kernels::Context& context) {
  const std::size_t embedding = expert.gate.columns();
  const std::size_t ffn = expert.gate.rows();
  const std::size_t rows = visits.size();
  at_least(gathered_, rows * embedding);
  at_least(gate_, rows * ffn);
  at_least(up_, rows * ffn);
  at_least(down_, rows * embedding);
  for (std::size_t i = 0; i < rows; ++i)
    std::memcpy(&gathered_[i * embedding], x + visits[i].row * embedding,
                embedding * sizeof(float));
  const kernels::Target inner[] = {{&expert.gate, gate_.data()}, {&expert.up, up_.data()}};
  kernels::matmul(inner, gathered_.data(), rows, context);
  for_each_index(context.pool, rows, [&](std::size_t i, std::size_t) {
    add_bias(expert.gate_bias, &gate_[i * ffn], context);
    add_bias(expert.up_bias, &up_[i * ffn], context);
    apply_gate(gate, context.table, &gate_[i * ffn], &up_[i * ffn], ffn);
  });
  kernels::matmul(expert.down, gate_.data(), rows, down_.data(), context);
  for_each_index(context.pool, rows, [&](std::size_t i, std::size_t) {
    add_bias(expert.down_bias, &down_[i * embedding], context);
    context.table.axpy(visits[i].weight, &down_[i * embedding], embedding,
                       out + visits[i].row * embedding);
  });
}

}  // namespace nearside::model
