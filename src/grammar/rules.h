// What every constraint is compiled to: rules over terminals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "grammar/expression.h"

namespace nearside::grammar {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = 0xffffffffU;

/// One way a value may be written; rules are nodes that others refer to, also in circles.
struct Node {
  enum class Kind : std::uint8_t {
    kImpossible,
    kTerminal,  // `expr`
    kSequence,  // `parts`, one after the other
    kChoice,    // one of `parts`
    kRepeat,    // parts[0], min to max times
    kObject,    // objects[index]
    kArray,     // arrays[index]
  };
  Kind kind = Kind::kImpossible;
  Expr expr = kNothing;
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  std::uint32_t index = 0;
  std::vector<NodeId> parts;
};

/// A JSON object whose members come in any order: which ones have come is part of the state, so no
/// order has to be written out.
struct ObjectRule {
  struct Member {
    Expr key = kNothing;  // the quoted name and the colon, with the space around it
    NodeId value = kNoNode;
    bool required = false;
    bool once = true;  // a name; else a pattern of names, which may come again
  };
  std::vector<Member> members;  // first those that may come once
  std::size_t once_count = 0;
  std::size_t required_count = 0;
  std::uint32_t min = 0;  // members
  std::uint32_t max = kUnbounded;
};

struct ArrayRule {
  std::vector<NodeId> first;  // item i
  NodeId rest = kNoNode;      // later items; kNoNode: none
  std::uint32_t min = 0;
  std::uint32_t max = kUnbounded;
};

struct Grammar {
  /// A pool that began as the lexicon's.
  explicit Grammar(ExpressionPool start) : pool(std::move(start)) {}

  ExpressionPool pool;
  std::vector<Node> nodes;
  std::vector<ObjectRule> objects;
  std::vector<ArrayRule> arrays;
  NodeId root = kNoNode;

  NodeId add(Node node) {
    nodes.push_back(std::move(node));
    return static_cast<NodeId>(nodes.size() - 1);
  }
  NodeId terminal(Expr expr) {
    Node node;
    node.kind = Node::Kind::kTerminal;
    node.expr = expr;
    return add(std::move(node));
  }

  /// For every node, whether it can be written at all. Removes choices, optional members and
  /// repetitions that cannot, so that no answer is led to where it cannot end.
  /// False where the root cannot.
  bool prune();
  /// For every node, whether it can be "". REQUIRES: none refers to itself before a terminal.
  [[nodiscard]] std::vector<bool> nullable() const;
};

}  // namespace nearside::grammar
