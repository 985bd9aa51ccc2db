#include "grammar/automaton.h"

#include <algorithm>

namespace nearside::grammar {

Automaton::Automaton(const Grammar& grammar, const Lexicon& lexicon)
    : grammar_(grammar), lexicon_(lexicon), pool_(grammar.pool) {
  refill();
  const Expr space = lexicon.json().space;
  open_object_ = pool_.sequence(pool_.literal("{"), space);
  close_object_ = pool_.sequence(space, pool_.literal("}"));
  open_array_ = pool_.sequence(pool_.literal("["), space);
  close_array_ = pool_.sequence(space, pool_.literal("]"));
  comma_ = lexicon.json().comma;
  frames_.push_back({});
  after_.push_back(IdTable::kNone);
  Closure none;
  intern(none);  // kDead
  Closure first;
  enter(grammar.root, kEnd, first);
  start_ = intern(first);
}

Automaton::FrameId Automaton::frame(Frame frame) {
  frame.depth = static_cast<std::uint16_t>(frames_[frame.parent].depth + 1);
  std::uint64_t hash = mix((std::uint64_t{frame.node} << 32) | frame.parent,
                           (std::uint64_t{frame.position} << 32) | frame.set);
  hash = mix(hash, static_cast<std::uint64_t>(frame.phase));
  const FrameId found = frame_ids_.find(hash, [&](FrameId id) { return frames_[id] == frame; });
  if (found != IdTable::kNone) return found;
  const auto id = static_cast<FrameId>(frames_.size());
  frames_.push_back(frame);
  after_.push_back(IdTable::kNone);
  frame_ids_.insert(hash, id);
  return id;
}

StateId Automaton::intern(Closure& closure) {
  std::vector<Thread>& threads = closure.threads;
  std::ranges::sort(threads);
  threads.erase(std::unique(threads.begin(), threads.end()), threads.end());
  std::uint64_t hash = closure.accepting ? 1 : 0;
  for (const Thread& thread : threads)
    hash = mix(hash, (std::uint64_t{thread.expr} << 32) | thread.frame);
  const StateId found = state_ids_.find(hash, [&](StateId id) {
    return states_[id].accepting == closure.accepting && states_[id].threads == threads;
  });
  if (found != IdTable::kNone) return found;
  const auto id = static_cast<StateId>(states_.size());
  states_.emplace_back();
  states_.back().threads = threads;
  states_.back().threads.shrink_to_fit();
  states_.back().accepting = closure.accepting;
  state_ids_.insert(hash, id);
  return id;
}

std::uint32_t Automaton::intern(MemberSet set) {
  std::uint64_t hash = set.count;
  for (const std::uint64_t word : set.bits) hash = mix(hash, word);
  const std::uint32_t found =
      set_ids_.find(hash, [&](std::uint32_t id) { return sets_[id] == set; });
  if (found != IdTable::kNone) return found;
  const auto id = static_cast<std::uint32_t>(sets_.size());
  sets_.push_back(std::move(set));
  set_ids_.insert(hash, id);
  return id;
}

void Automaton::begin(Expr terminal, FrameId frame, Closure& out) {
  if (out.threads.size() >= kThreadsMax) {
    exhausted_ = true;
    return;
  }
  if (terminal == kNothing) return;
  if (terminal != kEmpty) out.threads.push_back({terminal, frame});
  if (pool_.nullable(terminal)) leave(frame, out);
}

void Automaton::enter(NodeId id, FrameId next, Closure& out) {
  if (out.nesting >= kNestingMax) exhausted_ = true;
  if (exhausted_) return;
  ++out.nesting;
  enter_node(id, next, out);
  --out.nesting;
}

void Automaton::enter_node(NodeId id, FrameId next, Closure& out) {
  // Deeper than this, nothing may follow: the mask leads around it. Containers stop earlier, so
  // that the innermost one can still be filled.
  const Node& node = grammar_.nodes[id];
  const bool container = node.kind == Node::Kind::kObject || node.kind == Node::Kind::kArray;
  if (frames_[next].depth >= kDepthMax - (container ? 16 : 0)) return;
  switch (node.kind) {
    case Node::Kind::kImpossible:
      return;
    case Node::Kind::kTerminal:
      return begin(node.expr, next, out);
    case Node::Kind::kSequence:
      if (node.parts.empty()) return leave(next, out);
      if (node.parts.size() == 1) return enter(node.parts[0], next, out);
      return enter(node.parts[0], frame({.node = id, .parent = next, .position = 1}), out);
    case Node::Kind::kChoice:
      for (const NodeId part : node.parts) enter(part, next, out);
      return;
    case Node::Kind::kRepeat:
      if (node.min == 0) leave(next, out);
      if (node.max > 0)
        enter(node.parts[0], frame({.node = id, .parent = next, .position = 1}), out);
      return;
    case Node::Kind::kObject:
      return begin(open_object_, frame({.node = id, .parent = next, .set = intern(MemberSet{})}),
                   out);
    case Node::Kind::kArray:
      return begin(open_array_, frame({.node = id, .parent = next}), out);
  }
}

void Automaton::leave(FrameId id, Closure& out) {
  if (exhausted_) return;
  if (id == kEnd) {
    out.accepting = true;
    return;
  }
  if (std::ranges::find(out.left, id) != out.left.end()) return;
  if (out.left.size() >= kThreadsMax) {
    exhausted_ = true;
    return;
  }
  out.left.push_back(id);
  const Frame here = frames_[id];  // a copy: the vector may move
  const Node& node = grammar_.nodes[here.node];
  switch (node.kind) {
    case Node::Kind::kSequence: {
      const NodeId part = node.parts[here.position];
      if (here.position + 1 == node.parts.size()) return enter(part, here.parent, out);
      Frame next = here;
      ++next.position;
      return enter(part, frame(next), out);
    }
    case Node::Kind::kRepeat: {
      if (here.position >= node.min) leave(here.parent, out);
      if (here.position >= node.max) return;
      Frame next = here;
      // Past the minimum of an unbounded repetition the count does not matter any more.
      if (node.max != kUnbounded || here.position < node.min) ++next.position;
      return enter(node.parts[0], frame(next), out);
    }
    case Node::Kind::kObject:
      return leave_object(here, out);
    case Node::Kind::kArray:
      return leave_array(here, out);
    default:
      return;
  }
}

bool Automaton::may_take(const ObjectRule& object, std::size_t index, const MemberSet& set) const {
  const ObjectRule::Member& member = object.members[index];
  const auto has = [&](std::size_t i) {
    return i / 64 < set.bits.size() && ((set.bits[i / 64] >> (i % 64)) & 1) != 0;
  };
  if (member.once && has(index)) return false;
  if (object.max == kUnbounded) return true;
  if (set.count >= object.max) return false;
  if (member.required) return true;
  std::size_t missing = 0;  // room must be left for what has to come
  for (std::size_t i = 0; i < object.once_count; ++i)
    if (object.members[i].required && !has(i)) ++missing;
  return set.count + missing < object.max;
}

bool Automaton::may_close(const ObjectRule& object, const MemberSet& set) const {
  if (set.count < object.min) return false;
  std::size_t required = 0;
  for (std::size_t i = 0; i < object.once_count && required < object.required_count; ++i) {
    if (!object.members[i].required) continue;
    if (i / 64 >= set.bits.size() || ((set.bits[i / 64] >> (i % 64)) & 1) == 0) return false;
    ++required;
  }
  return true;
}

void Automaton::offer_members(const Frame& here, Closure& out) {
  const ObjectRule& object = grammar_.objects[grammar_.nodes[here.node].index];
  for (std::size_t i = 0; i < object.members.size(); ++i) {
    if (!may_take(object, i, sets_[here.set])) continue;
    Frame next = here;
    next.phase = Phase::kKey;
    next.position = static_cast<std::uint32_t>(i);
    begin(object.members[i].key, frame(next), out);
  }
}

void Automaton::leave_object(const Frame& here, Closure& out) {
  const ObjectRule& object = grammar_.objects[grammar_.nodes[here.node].index];
  Frame next = here;
  switch (here.phase) {
    case Phase::kOpen:
      if (may_close(object, sets_[here.set])) begin(close_object_, here.parent, out);
      return offer_members(here, out);
    case Phase::kComma:
      return offer_members(here, out);
    case Phase::kKey: {
      MemberSet set = sets_[here.set];
      if (object.members[here.position].once) {
        if (set.bits.empty()) set.bits.resize((object.once_count + 63) / 64);
        set.bits[here.position / 64] |= std::uint64_t{1} << (here.position % 64);
      }
      // Past the bounds the count does not matter any more.
      if (object.max != kUnbounded || set.count < object.min) ++set.count;
      next.phase = Phase::kValue;
      next.position = 0;
      next.set = intern(std::move(set));
      return enter(object.members[here.position].value, frame(next), out);
    }
    case Phase::kValue: {
      if (may_close(object, sets_[here.set])) begin(close_object_, here.parent, out);
      for (std::size_t i = 0; i < object.members.size(); ++i) {
        if (!may_take(object, i, sets_[here.set])) continue;
        next.phase = Phase::kComma;
        return begin(comma_, frame(next), out);
      }
      return;
    }
  }
}

void Automaton::leave_array(const Frame& here, Closure& out) {
  const ArrayRule& array = grammar_.arrays[grammar_.nodes[here.node].index];
  const auto item = [&](std::uint32_t index) {
    return index < array.first.size() ? array.first[index] : array.rest;
  };
  Frame next = here;
  switch (here.phase) {
    case Phase::kValue: {  // `position` items have come
      if (here.position >= array.min) begin(close_array_, here.parent, out);
      if (here.position >= array.max || item(here.position) == kNoNode) return;
      next.phase = Phase::kComma;
      return begin(comma_, frame(next), out);
    }
    case Phase::kOpen:
      if (array.min == 0) begin(close_array_, here.parent, out);
      if (array.max == 0) return;
      break;
    default:
      break;
  }
  const NodeId value = item(here.position);
  if (value == kNoNode) return;
  next.phase = Phase::kValue;
  if (array.max != kUnbounded || here.position < array.min || here.position < array.first.size())
    ++next.position;
  enter(value, frame(next), out);
}

StateId Automaton::step(StateId state, std::uint8_t byte) {
  if (state == kDead) return kDead;
  const std::uint64_t key = (std::uint64_t{state} << 8) | byte;
  if (const auto found = steps_.find(key); found != steps_.end()) return found->second;
  Closure closure;
  for (const Thread& thread : states_[state].threads) {
    const Expr next = pool_.step(thread.expr, byte);
    if (next != kNothing) begin(next, thread.frame, closure);
  }
  if (exhausted()) return kDead;
  const StateId next = intern(closure);
  steps_.emplace(key, next);
  return next;
}

StateId Automaton::step(StateId state, std::string_view bytes) {
  for (const char byte : bytes) {
    if (state == kDead) break;
    state = step(state, static_cast<std::uint8_t>(byte));
  }
  return state;
}

bool Automaton::final(StateId state) { return states_[state].threads.empty(); }

int Automaton::only_byte(StateId state) {
  int only = -1;
  if (accepting(state)) return -1;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (step(state, static_cast<std::uint8_t>(byte)) == kDead) continue;
    if (only >= 0) return -1;
    only = static_cast<int>(byte);
  }
  return only;
}

StateId Automaton::after(FrameId id) {
  if (after_[id] == IdTable::kNone) {
    Closure closure;
    leave(id, closure);
    const StateId state = intern(closure);
    after_[id] = state;
  }
  return after_[id];
}

}  // namespace nearside::grammar
