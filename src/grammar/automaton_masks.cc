// The masks of an automaton's states, put together from those of its threads' terminals.
#include <algorithm>

#include "grammar/automaton.h"

namespace nearside::grammar {

const ByteSet& Automaton::first_bytes(StateId state) {
  const auto [at, is_new] = first_bytes_.try_emplace(state);
  if (is_new)
    for (unsigned byte = 0; byte < 256; ++byte)
      if (step(state, static_cast<std::uint8_t>(byte)) != kDead)
        at->second.add(static_cast<std::uint8_t>(byte));
  return at->second;
}

KnownMask Automaton::base_of(Expr expr, FrameId frame) {
  // Most states lead to one that stays as it is on most bytes: inside a string, in a run of
  // letters.
  constexpr std::string_view kUsual = "~e 1A";
  for (const char byte : kUsual) {
    const auto usual = static_cast<std::uint8_t>(byte);
    const Expr loop = pool_.step(expr, usual);
    if (loop != kNothing && loop != expr && pool_.step(loop, usual) == loop &&
        pool_.step(loop, '_') == pool_.step(expr, '_'))
      return {&mask_of(loop, frame, false), loop};
  }
  return {};
}

const StateMask& Automaton::mask_of(Expr expr, FrameId frame, bool with_base) {
  if (const StateMask* shared = lexicon_.shared_mask(expr)) return *shared;
  const ByteSet& follow = first_bytes(after(frame));
  std::uint64_t hash = expr;
  for (const std::uint64_t word : follow.words) hash = mix(hash, word);
  const std::uint32_t found = mask_ids_.find(hash, [&](std::uint32_t id) {
    return masks_[id].expr == expr && masks_[id].follow == follow;
  });
  if (found != IdTable::kNone) return *masks_[found].mask;
  const TokenView view{lexicon_.trie(), lexicon_.all_bytes()};
  const KnownMask base = with_base ? base_of(expr, frame) : KnownMask{};
  auto mask = std::make_unique<StateMask>(make_state_mask(pool_, expr, view, follow, base));
  mask_bytes_ += mask->size_bytes();
  mask_ids_.insert(hash, static_cast<std::uint32_t>(masks_.size()));
  masks_.push_back({expr, follow, std::move(mask)});
  return *masks_.back().mask;
}

void Automaton::add_exits(const TokenTrie& trie, std::uint32_t from, FrameId frame,
                          std::span<std::uint32_t> mask) {
  const std::uint32_t end = trie.nodes[from].end;
  if (end <= from + 1) return;
  const std::size_t top = trie.nodes[from].depth;
  std::vector<StateId> way(trie.depth_max + 1 - top);
  way[0] = after(frame);
  for (std::uint32_t i = from + 1; i < end;) {
    const TokenTrie::Node& node = trie.nodes[i];
    const StateId here = step(way[node.depth - 1U - top], node.byte);
    if (here == kDead) {
      i = node.end;
      continue;
    }
    for (const text::TokenId token : trie.at(i)) set_bit(mask, token);
    way[node.depth - top] = here;
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
    if (characters >= min && characters <= max) {
      for (const text::TokenId token : exits.at(0)) set_bit(mask, token);  // ends with the quote
      add_exits(exits, 0, frame, mask);
    }
}

void Automaton::add_thread(const Thread& thread, std::span<std::uint32_t> mask) {
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  const JsonText& json = lexicon_.json();
  if (thread.expr != json.body &&
      pool_.is_repeat_then(thread.expr, json.character, json.quote, min, max))
    return add_bounded_string(min, max, thread.frame, mask);

  const StateMask& own = mask_of(thread.expr, thread.frame);
  if (own.base == nullptr) return add_mask_of(own, thread.frame, mask);
  // What is removed must not take away what another thread allows.
  std::vector<std::uint32_t> scratch(mask.size());
  add_mask_of(own, thread.frame, scratch);
  add_mask(mask, scratch);
}

void Automaton::add_mask_of(const StateMask& own, FrameId frame, std::span<std::uint32_t> mask) {
  if (own.base != nullptr) add_mask_of(*own.base, frame, mask);
  for (const text::TokenId token : own.removed) clear_bit(mask, token);
  if (!own.dense.empty()) add_mask(mask, own.dense);
  for (const text::TokenId token : own.sparse) set_bit(mask, token);
  for (const std::uint32_t node : own.exit_nodes) add_exits(lexicon_.trie(), node, frame, mask);
  if (own.exits.size() > 0) add_exits(own.exits, 0, frame, mask);
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
