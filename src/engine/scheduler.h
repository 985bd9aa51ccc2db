// Decides who runs and how many tokens of each sequence one step computes. Pure: plain figures in,
// a plan out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "chat/request.h"

namespace nearside::engine {

/// One answer that waits or runs.
struct Job {
  chat::Priority priority = chat::Priority::kNormal;
  std::string_view tenant{};
  std::uint64_t served = 0;   // tokens that its tenant has been given, see FairShare
  std::uint64_t arrival = 0;  // smaller is older
  std::size_t pending = 1;    // tokens not computed yet: 1 while it generates, more while it reads
  std::uint64_t idle_steps = 0;  // since it last computed
  bool may_start = true;         // a waiting one that need not wait for another's prompt
};

/// Others beside a realtime prompt slow its step down by no more than this share of its own tokens:
/// the promise is a first token within 1.3 times its unloaded time, plus the step under way.
inline constexpr double kShareBesideRealtimePrompt = 0.3;
/// While a realtime answer is generated, a step computes no more tokens than this, so that a long
/// prompt of somebody else never shows as a gap in it. Up to about so many rows a step costs what
/// reading the weights costs.
inline constexpr std::size_t kStepTokensBesideRealtime = 64;

/// The waiting job to start next: the most urgent, of those the tenant's that was given least, of
/// those the oldest. Empty: none may start.
std::optional<std::size_t> pick_waiting(std::span<const Job> waiting);

/// Which running job makes room for `newcomer` when all places are taken: one of a lower priority,
/// else one of the same from a tenant that has more than its fair share of the places while the
/// newcomer's has less; always the youngest such. Empty: none. `tenants`: with work.
std::optional<std::size_t> pick_victim(std::span<const Job> running, const Job& newcomer,
                                       std::size_t tenants);

/// As many counts as running jobs, together at most `batch_tokens_max`. More urgent jobs go first;
/// of equal ones those that generate before those that read, so that a long prompt never stalls
/// anyone's answer, and then who was given least and the oldest. Beside realtime jobs the others
/// take only what the constants above leave them.
/// REQUIRES: batch_tokens_max >= 1.
std::vector<std::size_t> plan_step(std::span<const Job> running, std::size_t batch_tokens_max);

}  // namespace nearside::engine
