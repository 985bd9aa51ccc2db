// Regular languages of bytes: union, intersection, complement, counted repetition; derived by
// bytes.
//
// A language is an expression, and the state of its automaton after some bytes is again an
// expression: its derivative (Brzozowski, "Derivatives of regular expressions", 1964). Equal
// expressions have equal numbers, so states are found again, and a counter (`a{1,1000}`), an
// intersection or a complement costs nothing until it is walked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/byte_set.h"
#include "grammar/id_table.h"

namespace nearside::grammar {

/// An expression of one pool.
using Expr = std::uint32_t;

inline constexpr Expr kNothing = 0;  // no string at all
inline constexpr Expr kEmpty = 1;    // only ""
inline constexpr std::uint32_t kUnbounded = 0xffffffffU;

/// Owns expressions. A copy has the same numbers. Not thread-safe.
///
/// Hostile expressions: past kNodesMax expressions or the effort of set_effort() every operation
/// gives kNothing and exhausted() is true from then on; whoever started it reports kTooLarge.
class ExpressionPool {
 public:
  static constexpr std::size_t kNodesMax = 400'000;  // about 30 MB
  static constexpr std::size_t kTablesMax = 24'000;  // of 1 KB

  ExpressionPool();

  Expr bytes(const ByteSet& set);
  Expr literal(std::string_view text);
  Expr sequence(Expr first, Expr second);
  Expr sequence(std::initializer_list<Expr> parts);
  Expr either(std::span<const Expr> parts);
  Expr either(std::initializer_list<Expr> parts) {
    return either(std::span(parts.begin(), parts.size()));
  }
  Expr both(Expr first, Expr second);
  Expr complement(Expr inner);
  /// `max` may be kUnbounded. REQUIRES: min <= max.
  Expr repeat(Expr inner, std::uint32_t min, std::uint32_t max);
  Expr optional(Expr inner) { return repeat(inner, 0, 1); }
  Expr any_number(Expr inner) { return repeat(inner, 0, kUnbounded); }
  /// Decimal digits, and after `.` up to `places` more, whose value is a multiple of
  /// `step` / 10^places. REQUIRES: 0 < step < 2^32.
  Expr multiple_of(std::uint64_t step, std::uint32_t places);

  [[nodiscard]] bool nullable(Expr expr) const { return nodes_[expr].nullable; }
  /// What may follow after `byte`; kNothing exactly when nothing can any more.
  Expr step(Expr expr, std::uint8_t byte) {
    const std::uint32_t table = table_of_[expr];
    if (table != IdTable::kNone) {
      const Expr next = tables_[table + byte];
      if (next != IdTable::kNone) {
        const Node& node = nodes_[next];
        if (!node.guarded || node.life == Life::kAlive) return next;
      }
    }
    return step_anew(expr, byte);
  }
  /// Whether no string is in the language.
  bool dead(Expr expr);
  bool matches(Expr expr, std::string_view text);
  /// The strings of a language that was made of literals only, or empty.
  [[nodiscard]] std::vector<std::string> literals(Expr expr) const;

  /// Whether the state is `inner{min,max}` followed by `rest`; fills in min and max.
  [[nodiscard]] bool is_repeat_then(Expr expr, Expr inner, Expr rest, std::uint32_t& min,
                                    std::uint32_t& max) const;
  /// States of `inner` are never given a table of their own (see step): their numbers are many.
  void avoid_tables_for(Expr inner) { untabled_ = inner; }

  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] bool exhausted() const { return exhausted_; }
  /// Nodes visited until exhausted; about 10 ns each.
  void set_effort(std::uint64_t steps) { effort_ = steps; }
  [[nodiscard]] bool nearly_full() const {
    return nodes_.size() > kNodesMax / 2 || tables_.size() / 256 > kTablesMax / 2;
  }

 private:
  enum class Kind : std::uint8_t {
    kNever,
    kBlank,
    kBytes,
    kLiteral,
    kSequence,
    kEither,
    kBoth,
    kComplement,
    kRepeat,
    kMultiple
  };
  enum class Life : std::uint8_t { kUnknown, kAlive, kDead };
  struct Node {
    Kind kind = Kind::kNever;
    bool nullable = false;
    bool guarded = false;  // has an intersection or complement inside: may be dead unnoticed
    Life life = Life::kUnknown;
    std::uint32_t a = 0;  // first operand; index of set; start in texts_ or operands_
    std::uint32_t b = 0;  // second operand; count
    std::uint32_t min = 0;
    std::uint32_t max = 0;
  };

  Expr intern(const Node& node);
  [[nodiscard]] std::uint64_t hash(const Node& node) const;
  [[nodiscard]] bool equal(const Node& left, const Node& right) const;
  Expr link(Expr first, Expr rest);
  /// Bytes that a union's parts may begin with, as far as is plain to see.
  const ByteSet& first_bytes(Expr either);
  Expr combine(Kind kind, std::vector<Expr>& parts);
  void flatten(Kind kind, Expr part, std::vector<Expr>& out) const;
  Expr step_anew(Expr expr, std::uint8_t byte);
  Expr derive(Expr expr, std::uint8_t byte);
  Expr derive_uncached(Expr expr, std::uint8_t byte);
  Expr derive_multiple(const Node& node, std::uint8_t byte);
  bool spend(std::uint64_t steps);
  [[nodiscard]] std::span<const Expr> operands(const Node& node) const {
    return std::span(operands_).subspan(node.a, node.b);
  }

  std::vector<Node> nodes_;
  std::vector<std::uint32_t> table_of_;  // start in tables_, or kNone
  std::vector<Expr> tables_;             // 256 derivatives each
  std::vector<ByteSet> sets_;
  std::vector<Expr> operands_;
  std::vector<std::uint64_t> steps_of_multiples_;
  std::string texts_;
  IdTable ids_;
  std::vector<ByteSet> first_bytes_;  // of unions, by their `max` - 1
  Expr everything_ = kNothing;        // every string
  Expr untabled_ = IdTable::kNone;
  std::uint64_t effort_ = ~std::uint64_t{0};
  bool exhausted_ = false;
};

}  // namespace nearside::grammar
