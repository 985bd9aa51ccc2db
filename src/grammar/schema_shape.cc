#include "grammar/schema_shape.h"

#include <algorithm>

#include <fmt/format.h>

#include "grammar/json_schema.h"

namespace nearside::grammar {

using base::Code;
using base::fail;
using base::Result;

namespace {

constexpr std::size_t kEmptyDepthMax = 3;        // members looked into, by empty()
constexpr std::uint64_t kMeetingsMax = 400'000;  // of alternatives: bounds hostile combinations

template <typename Set>
Set united(Set left, const Set& right) {
  left.insert(right.begin(), right.end());
  return left;
}

bool is_any(const ObjectShape& shape) {
  return shape.layers.empty() && shape.required.empty() && shape.forbidden.empty() &&
         shape.min == 0 && shape.max == kUnbounded;
}
bool is_any(const ArrayShape& shape) {
  return shape.layers.empty() && shape.min == 0 && shape.max == kUnbounded;
}

/// Takes a term off the list of those being worked out, whatever became of it.
struct Closer {
  std::set<Term>& open;
  const Term& term;
  ~Closer() { open.erase(term); }
};

base::Error too_many() {
  return fail(Code::kTooLarge, "the schema combines into more than {} alternatives of one value",
              kSchemaVariantsMax);
}

}  // namespace

Shape Shapes::any() const {
  Shape shape;
  shape.null = shape.no = shape.yes = true;
  shape.number = json_.number;
  shape.string = json_.string;
  shape.objects.emplace_back();
  shape.arrays.emplace_back();
  return shape;
}

Result<Shape> Shapes::of(const Term& term) {
  if (const auto found = known_.find(term); found != known_.end()) return found->second;
  if (!open_.insert(term).second)
    return fail(Code::kInvalidArgument, "a $ref of the schema leads back to itself");
  const Closer closer{open_, term};
  if (open_.size() > kSchemaDepthMax)
    return fail(Code::kTooLarge, "the schema refers from one subschema to the next {} times",
                kSchemaDepthMax);
  Shape shape;
  if (term.negated) {
    const Shape negated = TRY(of(Term{term.schema, false}));
    shape = TRY(opposite(negated, "not"));
  } else {
    const base::json::value& schema = document_.schema(term.schema);
    if (const base::json::object* object = schema.if_object()) {
      shape = TRY(shape_of_keywords(*this, *object));
    } else if (schema.is_bool()) {
      if (schema.get_bool()) shape = any();
    } else {
      return fail(Code::kInvalidArgument, "a schema has to be an object, true or false");
    }
  }
  known_.emplace(term, shape);
  return shape;
}

Result<Shape> Shapes::of(const Demand& demand) {
  Shape shape = any();
  for (const Term& term : demand) {
    const Shape other = TRY(of(term));
    shape = TRY(meet(shape, other));
  }
  return shape;
}

Expr Shapes::meet_texts(Expr left, Expr right, Expr all) {
  if (left == right || right == all) return left;
  if (left == all) return right;
  // A list of texts stays a list: cheaper to walk than an intersection.
  for (const auto& [list, other] : {std::pair{left, right}, std::pair{right, left}}) {
    const std::vector<std::string> texts = pool_.literals(list);
    if (texts.empty()) continue;
    std::vector<Expr> kept;
    for (const std::string& text : texts)
      if (pool_.matches(other, text)) kept.push_back(pool_.literal(text));
    return pool_.either(kept);
  }
  const Expr met = pool_.both(left, right);
  return pool_.dead(met) ? kNothing : met;
}

Result<Shape> Shapes::meet(const Shape& left, const Shape& right) {
  Shape shape;
  shape.null = left.null && right.null;
  shape.no = left.no && right.no;
  shape.yes = left.yes && right.yes;
  shape.number = meet_texts(left.number, right.number, json_.number);
  shape.string = meet_texts(left.string, right.string, json_.string);
  meetings_ +=
      left.objects.size() * right.objects.size() + left.arrays.size() * right.arrays.size();
  if (meetings_ > kMeetingsMax) return too_many();
  for (const ObjectShape& a : left.objects) {
    for (const ObjectShape& b : right.objects) {
      ObjectShape both;
      both.layers = united(a.layers, b.layers);
      both.required = united(a.required, b.required);
      both.forbidden = united(a.forbidden, b.forbidden);
      both.min = std::max(a.min, b.min);
      both.max = std::min(a.max, b.max);
      const bool contradiction = std::ranges::any_of(
          both.required, [&](const std::string& name) { return both.forbidden.contains(name); });
      if (both.min <= both.max && !contradiction) shape.objects.push_back(std::move(both));
    }
  }
  for (const ArrayShape& a : left.arrays) {
    for (const ArrayShape& b : right.arrays) {
      ArrayShape both{united(a.layers, b.layers), std::max(a.min, b.min), std::min(a.max, b.max)};
      if (both.min <= both.max) shape.arrays.push_back(std::move(both));
    }
  }
  if (shape.objects.size() > kSchemaVariantsMax || shape.arrays.size() > kSchemaVariantsMax)
    return too_many();
  return shape;
}

Result<Shape> Shapes::join(Shape left, const Shape& right) {
  left.null = left.null || right.null;
  left.no = left.no || right.no;
  left.yes = left.yes || right.yes;
  const auto join_texts = [&](Expr a, Expr b, Expr all) {
    return a == all || b == all ? all : pool_.either({a, b});
  };
  left.number = join_texts(left.number, right.number, json_.number);
  left.string = join_texts(left.string, right.string, json_.string);
  const auto join_lists = [](auto& list, const auto& more) {
    if (std::ranges::any_of(list, [](const auto& one) { return is_any(one); })) return;
    for (const auto& one : more) {
      if (is_any(one)) list.clear();
      list.push_back(one);
      if (is_any(one)) return;
    }
  };
  join_lists(left.objects, right.objects);
  join_lists(left.arrays, right.arrays);
  if (left.objects.size() > kSchemaVariantsMax || left.arrays.size() > kSchemaVariantsMax)
    return too_many();
  return left;
}

/// Numbers written one way only (but for .0), so that what is excluded is excluded in every
/// spelling.
Expr Shapes::canonical_numbers() {
  const auto set = [&](std::string_view bytes) {
    ByteSet out;
    for (const char byte : bytes) out.add(static_cast<std::uint8_t>(byte));
    return pool_.bytes(out);
  };
  const Expr digit = set("0123456789");
  const Expr zero = set("0");
  const Expr minus = pool_.optional(set("-"));
  const Expr positive = pool_.sequence(set("123456789"), pool_.any_number(digit));
  const Expr fraction = pool_.sequence({set("."), pool_.any_number(digit), set("123456789")});
  return pool_.either({pool_.sequence(zero, pool_.optional(pool_.literal(".0"))),
                       pool_.sequence({minus, positive, pool_.optional(pool_.literal(".0"))}),
                       pool_.sequence({minus, pool_.either({zero, positive}), fraction})});
}

Result<Shape> Shapes::opposite(const Shape& shape, std::string_view keyword) {
  Shape out = any();
  out.null = !shape.null;
  out.no = !shape.no;
  out.yes = !shape.yes;
  const auto without = [&](Expr texts, Expr all, Expr canonical) {
    if (texts == kNothing) return all;
    if (texts == all) return kNothing;
    const Expr rest = pool_.both(canonical, pool_.complement(texts));
    return pool_.dead(rest) ? kNothing : rest;
  };
  out.number = without(shape.number, json_.number,
                       shape.number == kNothing ? kNothing : canonical_numbers());
  out.string = without(shape.string, json_.string, json_.plain_string);
  for (const ObjectShape& object : shape.objects) {
    Shape others = any();
    others.objects = std::move(TRY(opposite_objects(object, keyword)).objects);
    out = TRY(meet(out, others));
  }
  for (const ArrayShape& array : shape.arrays) {
    Shape others = any();
    others.arrays = std::move(TRY(opposite_arrays(array, keyword)).arrays);
    out = TRY(meet(out, others));
  }
  return out;
}

Result<Shape> Shapes::opposite_objects(const ObjectShape& object, std::string_view keyword) {
  Shape out;
  for (const std::string& name : object.required) {
    ObjectShape lacks;
    lacks.forbidden.insert(name);
    out.objects.push_back(std::move(lacks));
  }
  for (const std::string& name : object.forbidden) {
    ObjectShape has;
    has.required.insert(name);
    out.objects.push_back(std::move(has));
  }
  if (object.min > 0) {
    ObjectShape fewer;
    fewer.max = object.min - 1;
    out.objects.push_back(fewer);
  }
  if (object.max != kUnbounded) {
    ObjectShape more;
    more.min = object.max + 1;
    out.objects.push_back(more);
  }
  for (const std::uint32_t index : object.layers) {
    const ObjectLayer layer = object_layers_[index];
    const bool* const additional =
        layer.additional ? document_.schema(layer.additional->schema).if_bool() : nullptr;
    const bool open =
        !layer.additional || (additional != nullptr && *additional != layer.additional->negated);
    if (!open || !layer.patterns.empty() || layer.names)
      return fail(Code::kUnsupported,
                  "{} of a schema with additionalProperties, patternProperties or propertyNames is "
                  "not supported",
                  keyword);
    for (const auto& [name, term] : layer.properties) {
      ObjectLayer wrong;
      wrong.properties.emplace_back(name, Term{term.schema, !term.negated});
      ObjectShape one;
      one.layers.insert(add(std::move(wrong)));
      one.required.insert(name);
      out.objects.push_back(std::move(one));
    }
  }
  if (out.objects.size() > kSchemaVariantsMax) return too_many();
  return out;
}

Result<Shape> Shapes::opposite_arrays(const ArrayShape& array, std::string_view keyword) {
  Shape out;
  if (!array.layers.empty())
    return fail(Code::kUnsupported, "{} of a schema with items is not supported", keyword);
  if (array.min > 0) out.arrays.push_back({{}, 0, array.min - 1});
  if (array.max != kUnbounded) out.arrays.push_back({{}, array.max + 1, kUnbounded});
  return out;
}

Demand Shapes::member(const ObjectShape& object, const std::string& name) {
  Demand demand;
  if (object.forbidden.contains(name)) demand.insert(Term{});
  const std::string quoted = json_quoted(name);
  for (const std::uint32_t index : object.layers) {
    const ObjectLayer& layer = object_layers_[index];
    bool named = false;
    for (const auto& [known, term] : layer.properties) {
      if (known != name) continue;
      demand.insert(term);
      named = true;
    }
    for (const auto& [pattern, term] : layer.patterns) {
      if (!pool_.matches(pattern, quoted)) continue;
      demand.insert(term);
      named = true;
    }
    if (!named && layer.additional) demand.insert(*layer.additional);
    if (layer.names && !pool_.matches(*layer.names, quoted)) demand.insert(Term{});
  }
  return demand;
}

Demand Shapes::item(const ArrayShape& array, std::size_t index) const {
  Demand demand;
  for (const std::uint32_t at : array.layers) {
    const ArrayLayer& layer = array_layers_[at];
    if (index < layer.first.size())
      demand.insert(layer.first[index]);
    else if (layer.rest)
      demand.insert(*layer.rest);
  }
  return demand;
}

bool Shapes::empty(const Shape& shape, std::size_t depth) {
  if (shape.null || shape.no || shape.yes) return false;
  if (!pool_.dead(shape.number) || !pool_.dead(shape.string)) return false;
  const auto demand_empty = [&](const Demand& demand) {
    if (depth >= kEmptyDepthMax || demand.empty()) return false;
    // What cannot be worked out is refused when the rules are made, if it is needed.
    const Result<Shape> inner = of(demand);
    return inner && empty(*inner, depth + 1);
  };
  const bool objects_empty = std::ranges::all_of(shape.objects, [&](const ObjectShape& object) {
    return std::ranges::any_of(object.required, [&](const std::string& name) {
      return demand_empty(member(object, name));
    });
  });
  return objects_empty && std::ranges::all_of(shape.arrays, [&](const ArrayShape& array) {
           return array.min > 0 && demand_empty(item(array, 0));
         });
}

}  // namespace nearside::grammar
