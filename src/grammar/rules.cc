#include "grammar/rules.h"

#include <algorithm>

namespace nearside::grammar {

namespace {

template <typename Visit>
void for_each_part(const Grammar& grammar, const Node& node, Visit visit) {
  for (const NodeId part : node.parts) visit(part);
  if (node.kind == Node::Kind::kObject)
    for (const ObjectRule::Member& member : grammar.objects[node.index].members)
      visit(member.value);
  if (node.kind == Node::Kind::kArray) {
    for (const NodeId part : grammar.arrays[node.index].first) visit(part);
    if (grammar.arrays[node.index].rest != kNoNode) visit(grammar.arrays[node.index].rest);
  }
}

/// A least fixed point: whenever a node begins to hold, those that refer to it are tested again.
template <typename Test>
std::vector<bool> fixed_point(const Grammar& grammar, Test test) {
  const std::size_t count = grammar.nodes.size();
  std::vector<std::vector<NodeId>> users(count);
  std::vector<NodeId> waiting;
  for (NodeId id = 0; id < count; ++id) {
    for_each_part(grammar, grammar.nodes[id], [&](NodeId part) { users[part].push_back(id); });
    waiting.push_back(id);  // the last ones are tested first: parts mostly come after their users
  }
  std::vector<bool> holds(count, false);
  while (!waiting.empty()) {
    const NodeId id = waiting.back();
    waiting.pop_back();
    if (holds[id] || !test(grammar.nodes[id], holds)) continue;
    holds[id] = true;
    waiting.insert(waiting.end(), users[id].begin(), users[id].end());
  }
  return holds;
}

}  // namespace

bool Grammar::prune() {
  const auto object_possible = [&](const ObjectRule& object, const std::vector<bool>& possible) {
    std::size_t once = 0;
    bool again = false;
    for (const ObjectRule::Member& member : object.members) {
      if (!possible[member.value]) {
        if (member.required) return false;
        continue;
      }
      member.once ? void(++once) : void(again = true);
    }
    return object.required_count <= object.max && object.min <= object.max &&
           (again || once >= object.min);
  };
  const auto array_possible = [&](const ArrayRule& array, const std::vector<bool>& possible) {
    if (array.min > array.max) return false;
    for (std::size_t i = 0; i < std::min<std::size_t>(array.first.size(), array.min); ++i)
      if (!possible[array.first[i]]) return false;
    return array.min <= array.first.size() || (array.rest != kNoNode && possible[array.rest]);
  };
  const std::vector<bool> possible =
      fixed_point(*this, [&](const Node& node, const std::vector<bool>& known) {
        const auto is_known = [&](NodeId part) { return static_cast<bool>(known[part]); };
        switch (node.kind) {
          case Node::Kind::kImpossible:
            return false;
          case Node::Kind::kTerminal:
            return !pool.dead(node.expr);
          case Node::Kind::kSequence:
            return std::ranges::all_of(node.parts, is_known);
          case Node::Kind::kChoice:
            return std::ranges::any_of(node.parts, is_known);
          case Node::Kind::kRepeat:
            return node.min == 0 || is_known(node.parts[0]);
          case Node::Kind::kObject:
            return object_possible(objects[node.index], known);
          case Node::Kind::kArray:
            return array_possible(arrays[node.index], known);
        }
        return false;
      });
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Node& node = nodes[i];
    if (node.kind == Node::Kind::kChoice)
      std::erase_if(node.parts, [&](NodeId part) { return !possible[part]; });
    if (node.kind == Node::Kind::kRepeat && !possible[node.parts[0]]) node.max = 0;
    if (node.kind == Node::Kind::kArray) {
      ArrayRule& array = arrays[node.index];
      for (std::size_t at = 0; at < array.first.size(); ++at)
        if (!possible[array.first[at]])
          array.max = std::min(array.max, static_cast<std::uint32_t>(at));
      if (array.rest == kNoNode || !possible[array.rest]) {
        array.rest = kNoNode;
        array.max = std::min(array.max, static_cast<std::uint32_t>(array.first.size()));
      }
    }
    if (node.kind != Node::Kind::kObject) continue;
    ObjectRule& object = objects[node.index];
    std::erase_if(object.members, [&](const auto& member) { return !possible[member.value]; });
    object.once_count = static_cast<std::size_t>(
        std::ranges::count_if(object.members, [](const auto& member) { return member.once; }));
  }
  return root != kNoNode && possible[root];
}

std::vector<bool> Grammar::nullable() const {
  return fixed_point(*this, [&](const Node& node, const std::vector<bool>& known) {
    const auto is_known = [&](NodeId part) { return static_cast<bool>(known[part]); };
    switch (node.kind) {
      case Node::Kind::kTerminal:
        return pool.nullable(node.expr);
      case Node::Kind::kSequence:
        return std::ranges::all_of(node.parts, is_known);
      case Node::Kind::kChoice:
        return std::ranges::any_of(node.parts, is_known);
      case Node::Kind::kRepeat:
        return node.min == 0 || is_known(node.parts[0]);
      default:
        return false;
    }
  });
}

}  // namespace nearside::grammar
