#include "grammar/json_schema.h"

#include <algorithm>
#include <deque>
#include <map>

#include "grammar/schema_document.h"
#include "grammar/schema_shape.h"

namespace nearside::grammar {

namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

/// Makes the rules: one node for each different demand.
class Builder {
 public:
  Builder(SchemaDocument& document, const JsonText& json, Grammar& grammar)
      : shapes_(document, json, grammar.pool), json_(json), grammar_(grammar) {}

  Status build(SchemaId root) {
    grammar_.root = node_of({Term{root, false}});
    while (!waiting_.empty()) {
      const auto [demand, node] = std::move(waiting_.front());
      waiting_.pop_front();
      if (grammar_.nodes.size() > kSchemaRulesMax)
        return fail(Code::kTooLarge, "the schema has more than {} different values",
                    kSchemaRulesMax);
      const Shape shape = TRY(shapes_.of(demand));
      const Node made = TRY(value(shape));
      grammar_.nodes[node] = made;
      if (grammar_.pool.exhausted()) return {};  // reported by the caller
    }
    return {};
  }

 private:
  NodeId node_of(const Demand& demand) {
    const auto [at, is_new] = nodes_.emplace(demand, kNoNode);
    if (is_new) {
      at->second = grammar_.add({});
      waiting_.emplace_back(demand, at->second);
    }
    return at->second;
  }

  Result<Node> value(const Shape& shape) {
    ExpressionPool& pool = grammar_.pool;
    const Expr scalars = pool.either(
        {shape.null ? pool.literal("null") : kNothing, shape.no ? pool.literal("false") : kNothing,
         shape.yes ? pool.literal("true") : kNothing, shape.number, shape.string});
    Node choice;
    choice.kind = Node::Kind::kChoice;
    if (!pool.dead(scalars)) choice.parts.push_back(grammar_.terminal(scalars));
    for (const ObjectShape& one : shape.objects) {
      Node node;
      node.kind = Node::Kind::kObject;
      ObjectRule rule = TRY(object(one));
      node.index = static_cast<std::uint32_t>(grammar_.objects.size());
      grammar_.objects.push_back(std::move(rule));
      choice.parts.push_back(grammar_.add(std::move(node)));
    }
    for (const ArrayShape& one : shape.arrays) {
      Node node;
      node.kind = Node::Kind::kArray;
      ArrayRule rule = array(one);
      node.index = static_cast<std::uint32_t>(grammar_.arrays.size());
      grammar_.arrays.push_back(std::move(rule));
      choice.parts.push_back(grammar_.add(std::move(node)));
    }
    return choice;
  }

  Result<ObjectRule> object(const ObjectShape& shape) {
    ObjectRule rule;
    rule.min = shape.min;
    rule.max = shape.max;
    std::vector<std::string> names;  // in the order of the schema: it is tried in that order
    std::set<std::string> seen;
    const auto see = [&](const std::string& name) {
      if (seen.insert(name).second) names.push_back(name);
    };
    for (const std::uint32_t layer : shape.layers)
      for (const auto& [name, term] : shapes_.object_layer(layer).properties) see(name);
    for (const std::string& name : shape.required) see(name);
    for (const std::string& name : shape.forbidden) see(name);
    for (const std::string& name : names) {
      const Demand demand = shapes_.member(shape, name);
      const bool required = shape.required.contains(name);
      if (demand.contains(Term{}) && !required) continue;  // may not be there
      rule.members.push_back(
          {key(grammar_.pool.literal(json_quoted(name))), node_of(demand), required, true});
      if (required) ++rule.required_count;
    }
    rule.once_count = rule.members.size();
    for (const auto& [keys, demand] : TRY(other_keys(shape, names)))
      rule.members.push_back({key(keys), node_of(demand), false, false});
    return rule;
  }

  Expr key(Expr quoted) { return grammar_.pool.sequence(quoted, json_.colon); }

  struct KeyClass {
    Expr keys;
    Demand demand;
  };
  /// The names that no property has, parted by what their values have to be.
  Result<std::vector<KeyClass>> other_keys(const ObjectShape& shape,
                                           const std::vector<std::string>& names) {
    ExpressionPool& pool = grammar_.pool;
    for (const std::uint32_t index : shape.layers) {
      const ObjectLayer& layer = shapes_.object_layer(index);
      if (layer.patterns.empty() && layer.additional == Term{}) return std::vector<KeyClass>();
    }
    std::vector<Expr> known;
    for (const std::string& name : names) known.push_back(pool.literal(json_quoted(name)));
    std::vector<KeyClass> classes{
        {meet(json_.plain_string, pool.complement(pool.either(known))), {}}};
    for (const std::uint32_t index : shape.layers) {
      const ObjectLayer& layer = shapes_.object_layer(index);
      std::vector<KeyClass> parted;
      for (KeyClass& before : classes) {
        if (layer.names)
          before.keys = shapes_.meet_texts(before.keys, *layer.names, json_.plain_string);
        // Which patterns match: split by one after the other.
        struct Part {
          KeyClass keys;
          bool matched;
        };
        std::vector<Part> parts{{before, false}};
        for (const auto& [pattern, term] : layer.patterns) {
          std::vector<Part> next;
          for (Part& part : parts) {
            Part in = part;
            in.keys.keys = meet(part.keys.keys, pattern);
            in.keys.demand.insert(term);
            in.matched = true;
            part.keys.keys = meet(part.keys.keys, pool.complement(pattern));
            if (in.keys.keys != kNothing) next.push_back(std::move(in));
            if (part.keys.keys != kNothing) next.push_back(std::move(part));
          }
          parts = std::move(next);
          if (parts.size() + parted.size() > kSchemaKeyClassesMax)
            return fail(Code::kTooLarge,
                        "patternProperties of the schema overlap in more than {} ways",
                        kSchemaKeyClassesMax);
        }
        for (Part& part : parts) {
          if (!part.matched && layer.additional) part.keys.demand.insert(*layer.additional);
          if (part.keys.keys != kNothing && !part.keys.demand.contains(Term{}))
            parted.push_back(std::move(part.keys));
        }
      }
      classes = std::move(parted);
    }
    return classes;
  }
  Expr meet(Expr left, Expr right) {
    const Expr met = grammar_.pool.both(left, right);
    return grammar_.pool.dead(met) ? kNothing : met;
  }

  ArrayRule array(const ArrayShape& shape) {
    ArrayRule rule;
    rule.min = shape.min;
    rule.max = shape.max;
    std::size_t first = 0;
    for (const std::uint32_t layer : shape.layers)
      first = std::max(first, shapes_.array_layer(layer).first.size());
    for (std::size_t i = 0; i < std::min<std::size_t>(first, shape.max); ++i)
      rule.first.push_back(node_of(shapes_.item(shape, i)));
    rule.rest = node_of(shapes_.item(shape, first));
    return rule;
  }

  Shapes shapes_;
  const JsonText& json_;
  Grammar& grammar_;
  std::map<Demand, NodeId> nodes_;
  std::deque<std::pair<Demand, NodeId>> waiting_;
};

}  // namespace

base::Status add_json_schema(std::string_view text, const JsonText& json, Grammar& grammar) {
  SchemaDocument document = TRY(SchemaDocument::parse(text));
  return Builder(document, json, grammar).build(document.root());
}

}  // namespace nearside::grammar
