// The masks of an automaton's states, put together from those of its threads' terminals.
#include <algorithm>

#include "grammar/automaton.h"

namespace nearside::grammar {

const StateMask& Automaton::mask_of(Expr expr) {
  if (const StateMask* shared = lexicon_.shared_mask(expr)) return *shared;
  std::unique_ptr<StateMask>& mask = masks_[expr];
  if (mask == nullptr) {
    const TokenView view{lexicon_.trie(), lexicon_.all_bytes()};
    // A string that takes rare characters as any string does is one but for some spellings.
    const Expr usual = pool_.step(expr, '~');
    const bool like_string = usual == pool_.step(expr, 0x7f) &&
                             (usual == lexicon_.json().body || usual == lexicon_.json().plain_body);
    mask = std::make_unique<StateMask>(
        like_string ? make_state_mask(pool_, expr, view, lexicon_.shared_mask(usual), usual)
                    : make_state_mask(pool_, expr, view));
    mask_bytes_ += mask->size_bytes();
  }
  return *mask;
}

void Automaton::add_exits(const TokenTrie& exits, FrameId frame, std::span<std::uint32_t> mask) {
  const std::uint32_t size = exits.size();
  if (size == 0) return;
  for (const text::TokenId token : exits.at(0)) set_bit(mask, token);
  if (size == 1) return;
  std::vector<StateId> way(exits.depth_max + 1);
  way[0] = after(frame);
  for (std::uint32_t i = 1; i < size;) {
    const TokenTrie::Node& node = exits.nodes[i];
    const StateId here = step(way[node.depth - 1U], node.byte);
    if (here == kDead) {
      i = node.end;
      continue;
    }
    for (const text::TokenId token : exits.at(i)) set_bit(mask, token);
    way[node.depth] = here;
    ++i;
  }
}

void Automaton::add_bounded_string(std::uint32_t min, std::uint32_t max, FrameId frame,
                                   std::span<std::uint32_t> mask) {
  const StringSlices& slices = lexicon_.string_slices();
  add_mask(mask, slices.inside[std::min(max, StringSlices::kCharactersMax)]);
  for (const auto& [characters, token] : slices.longer)
    if (characters <= max) set_bit(mask, token);
  for (const auto& [characters, exits] : slices.exits)
    if (characters >= min && characters <= max) add_exits(exits, frame, mask);
}

void Automaton::add_thread(const Thread& thread, std::span<std::uint32_t> mask) {
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  const JsonText& json = lexicon_.json();
  if (thread.expr != json.body &&
      pool_.is_repeat_then(thread.expr, json.character, json.quote, min, max))
    return add_bounded_string(min, max, thread.frame, mask);

  const StateMask& own = mask_of(thread.expr);
  if (own.base == nullptr) {
    if (!own.dense.empty()) add_mask(mask, own.dense);
    for (const text::TokenId token : own.sparse) set_bit(mask, token);
    return add_exits(own.exits, thread.frame, mask);
  }
  // What is removed must not take away what another thread allows.
  scratch_.assign(mask.size(), 0);
  if (!own.base->dense.empty()) add_mask(scratch_, own.base->dense);
  for (const text::TokenId token : own.base->sparse) set_bit(scratch_, token);
  add_exits(own.base->exits, thread.frame, scratch_);
  for (const text::TokenId token : own.removed) clear_bit(scratch_, token);
  for (const text::TokenId token : own.sparse) set_bit(scratch_, token);
  if (!own.dense.empty()) add_mask(scratch_, own.dense);
  add_exits(own.exits, thread.frame, scratch_);
  add_mask(mask, scratch_);
}

void Automaton::fill_mask(StateId state, std::span<std::uint32_t> mask) {
  if (states_[state].has_mask) {
    std::ranges::copy(states_[state].mask, mask.begin());
    return;
  }
  std::ranges::fill(mask, 0U);
  const std::vector<Thread> threads = states_[state].threads;  // a copy: the vector may move
  for (const Thread& thread : threads) add_thread(thread, mask);
  if (states_[state].accepting)
    for (const text::TokenId token : lexicon_.end_tokens()) set_bit(mask, token);
  if (exhausted() || mask_bytes_ + mask.size_bytes() > kMaskBytesMax) return;
  mask_bytes_ += mask.size_bytes();
  states_[state].mask.assign(mask.begin(), mask.end());
  states_[state].has_mask = true;
}

}  // namespace nearside::grammar
