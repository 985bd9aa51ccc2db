// Runs a grammar over bytes; what has been worked out once is looked up from then on.
//
// A *thread* is one reading of the bytes so far: the state inside a terminal, and the frame (where
// to go on after it, a linked stack with shared tails). A *state* is the set of all threads that
// are alive; frames and states are interned, so equal situations have equal numbers, and every step
// and mask is computed once. Most states have one to three threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "grammar/id_table.h"
#include "grammar/lexicon.h"
#include "grammar/rules.h"
#include "grammar/state_mask.h"

namespace nearside::grammar {

using StateId = std::uint32_t;

/// Not thread-safe. Keeps references to the grammar and the lexicon.
class Automaton {
 public:
  static constexpr std::uint32_t kDepthMax = 512;   // frames above each other: ~250 JSON levels
  static constexpr std::size_t kThreadsMax = 4096;  // readings at once
  static constexpr std::uint32_t kNestingMax =
      4096;  // rules that begin with rules; bounds the stack
  static constexpr std::size_t kStatesMax = 50'000;           // then full()
  static constexpr std::size_t kMaskBytesMax = 32U << 20;     // then full()
  static constexpr std::uint64_t kEffortOfCall = 20'000'000;  // see ExpressionPool::set_effort

  static constexpr StateId kDead = 0;

  Automaton(const Grammar& grammar, const Lexicon& lexicon);

  [[nodiscard]] StateId start() const { return start_; }
  /// kDead where the byte may not come.
  StateId step(StateId state, std::uint8_t byte);
  StateId step(StateId state, std::string_view bytes);
  [[nodiscard]] bool accepting(StateId state) const { return states_[state].accepting; }
  /// Whether no byte may come.
  bool final(StateId state);
  /// Tokens that may come, ends of the answer too. REQUIRES: mask.size() == lexicon.mask_words().
  void fill_mask(StateId state, std::span<std::uint32_t> mask);
  /// The one byte that may come, or -1 where there are several or none.
  int only_byte(StateId state);

  /// Gives every call a fresh budget; the owner calls it before each.
  void refill() { pool_.set_effort(kEffortOfCall); }
  /// The grammar asked for more than the bounds allow: results since then mean nothing.
  [[nodiscard]] bool exhausted() const { return exhausted_ || pool_.exhausted(); }
  /// It has grown so much that a fresh one should take over.
  [[nodiscard]] bool full() const {
    return states_.size() >= kStatesMax || mask_bytes_ >= kMaskBytesMax || pool_.nearly_full();
  }

 private:
  using FrameId = std::uint32_t;
  static constexpr FrameId kEnd = 0;  // nothing follows: the answer may end

  /// Where an object or array stands.
  enum class Phase : std::uint8_t { kOpen, kKey, kValue, kComma };
  struct Frame {
    NodeId node = kNoNode;
    FrameId parent = kEnd;
    std::uint32_t position = 0;  // of a sequence, repetition or array; member of an object
    std::uint32_t set = 0;       // of an object: which members have come
    Phase phase = Phase::kOpen;
    std::uint16_t depth = 0;
    bool operator==(const Frame&) const = default;
  };
  struct Thread {
    Expr expr;
    FrameId frame;
    auto operator<=>(const Thread&) const = default;
  };
  struct State {
    std::vector<Thread> threads;
    bool accepting = false;
    bool has_mask = false;
    std::vector<std::uint32_t> mask;
  };
  /// Members of an object that have come: a bit each, and how many have come in all.
  struct MemberSet {
    std::vector<std::uint64_t> bits;
    std::uint32_t count = 0;
    bool operator==(const MemberSet&) const = default;
  };
  /// The threads of a state while it is put together.
  struct Closure {
    std::vector<Thread> threads;
    std::vector<FrameId> left;  // frames gone through already
    bool accepting = false;
    std::uint32_t nesting = 0;  // calls of enter and leave inside each other
  };

  FrameId frame(Frame frame);
  StateId intern(Closure& closure);
  std::uint32_t intern(MemberSet set);
  void enter(NodeId node, FrameId frame, Closure& out);
  void enter_node(NodeId node, FrameId frame, Closure& out);
  void begin(Expr terminal, FrameId frame, Closure& out);
  void leave(FrameId frame, Closure& out);
  void leave_object(const Frame& frame, Closure& out);
  void leave_array(const Frame& frame, Closure& out);
  void offer_members(const Frame& frame, Closure& out);
  [[nodiscard]] bool may_take(const ObjectRule& object, std::size_t member,
                              const MemberSet& set) const;
  [[nodiscard]] bool may_close(const ObjectRule& object, const MemberSet& set) const;
  StateId after(FrameId frame);
  const ByteSet& first_bytes(StateId state);
  KnownMask base_of(Expr expr, FrameId frame);
  /// `with_base` is false where the state is the base of another.
  const StateMask& mask_of(Expr expr, FrameId frame, bool with_base = true);
  void add_mask_of(const StateMask& own, FrameId frame, std::span<std::uint32_t> mask);
  void add_thread(const Thread& thread, std::span<std::uint32_t> mask);
  void add_exits(const TokenTrie& trie, std::uint32_t from, FrameId frame,
                 std::span<std::uint32_t> mask);
  void add_bounded_string(std::uint32_t min, std::uint32_t max, FrameId frame,
                          std::span<std::uint32_t> mask);

  const Grammar& grammar_;
  const Lexicon& lexicon_;
  ExpressionPool pool_;
  Expr open_object_, close_object_, open_array_, close_array_, comma_;

  std::vector<Frame> frames_;
  IdTable frame_ids_;
  std::vector<State> states_;
  IdTable state_ids_;
  std::vector<MemberSet> sets_;
  IdTable set_ids_;
  std::unordered_map<std::uint64_t, StateId> steps_;  // by state and byte
  std::vector<StateId> after_;                        // by frame: the state when it is left
  std::unordered_map<StateId, ByteSet> first_bytes_;
  struct TerminalMask {
    Expr expr;
    ByteSet follow;  // what may come after the terminal
    std::unique_ptr<StateMask> mask;
  };
  std::vector<TerminalMask> masks_;
  IdTable mask_ids_;
  std::size_t mask_bytes_ = 0;
  StateId start_ = kDead;
  bool exhausted_ = false;
};

}  // namespace nearside::grammar
