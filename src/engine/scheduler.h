// Decides how many tokens of each sequence one step computes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace nearside::engine {

/// `pending[i]` is how many tokens of running sequence i are not computed yet: 1 while it
/// generates, more while its prompt is read; sequences in order of admission. Returns as many
/// counts, together at most `batch_tokens_max`.
///
/// Generating sequences go first, so that a long prompt never stalls anyone's answer; what is left
/// goes to prompts, oldest first, so that the one begun first speaks first.
/// REQUIRES: batch_tokens_max >= 1.
std::vector<std::size_t> plan_step(std::span<const std::size_t> pending,
                                   std::size_t batch_tokens_max);

}  // namespace nearside::engine
