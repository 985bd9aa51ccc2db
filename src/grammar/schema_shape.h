// What a schema allows, type by type, and how two schemas meet, join and exclude.
//
// A schema becomes a *shape*: which of null, false and true are allowed, the texts of numbers and
// of strings as regular languages, and alternative objects and arrays. Members and items are not
// looked into: they stay *demands*, sets of subschemas that a value has to meet all of, which get
// their own shape when they are needed. So a recursive schema is a finite set of demands.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "grammar/json_text.h"
#include "grammar/rules.h"
#include "grammar/schema_document.h"

namespace nearside::grammar {

/// A subschema, or its opposite.
struct Term {
  SchemaId schema = SchemaDocument::kFalse;
  bool negated = false;
  auto operator<=>(const Term&) const = default;
};
/// All of them; none: any value.
using Demand = std::set<Term>;

/// What one schema says of members.
struct ObjectLayer {
  std::vector<std::pair<std::string, Term>> properties;
  std::vector<std::pair<Expr, Term>> patterns;  // quoted names
  std::optional<Term> additional;
  std::optional<Expr> names;  // quoted names that may be
};
struct ObjectShape {
  std::set<std::uint32_t> layers;
  std::set<std::string> required;
  std::set<std::string> forbidden;
  std::uint32_t min = 0;
  std::uint32_t max = kUnbounded;
};
/// What one schema says of items.
struct ArrayLayer {
  std::vector<Term> first;
  std::optional<Term> rest;
};
struct ArrayShape {
  std::set<std::uint32_t> layers;
  std::uint32_t min = 0;
  std::uint32_t max = kUnbounded;
};
struct Shape {
  bool null = false;
  bool no = false;
  bool yes = false;
  Expr number = kNothing;
  Expr string = kNothing;  // quoted
  std::vector<ObjectShape> objects;
  std::vector<ArrayShape> arrays;
};

/// The algebra of shapes. Owns the layers; keeps references to the document, the terminals and the
/// pool.
class Shapes {
 public:
  Shapes(SchemaDocument& document, const JsonText& json, ExpressionPool& pool)
      : document_(document), json_(json), pool_(pool) {}

  /// Errors: kUnsupported (names the keyword), kInvalidArgument, kTooLarge.
  base::Result<Shape> of(const Demand& demand);
  base::Result<Shape> of(const Term& term);

  [[nodiscard]] Shape any() const;
  base::Result<Shape> meet(const Shape& left, const Shape& right);
  base::Result<Shape> join(Shape left, const Shape& right);
  /// Errors: kUnsupported: "{keyword} ...".
  base::Result<Shape> opposite(const Shape& shape, std::string_view keyword);
  /// True only where no value has the shape; looks a few levels deep.
  bool empty(const Shape& shape, std::size_t depth = 0);

  Demand member(const ObjectShape& object, const std::string& name);
  Demand item(const ArrayShape& array, std::size_t index) const;
  [[nodiscard]] const ObjectLayer& object_layer(std::uint32_t index) const {
    return object_layers_[index];
  }
  [[nodiscard]] const ArrayLayer& array_layer(std::uint32_t index) const {
    return array_layers_[index];
  }
  std::uint32_t add(ObjectLayer layer) {
    object_layers_.push_back(std::move(layer));
    return static_cast<std::uint32_t>(object_layers_.size() - 1);
  }
  std::uint32_t add(ArrayLayer layer) {
    array_layers_.push_back(std::move(layer));
    return static_cast<std::uint32_t>(array_layers_.size() - 1);
  }

  SchemaDocument& document() { return document_; }
  const JsonText& json() const { return json_; }
  ExpressionPool& pool() { return pool_; }
  /// The texts of both; `all` is every text of the kind.
  Expr meet_texts(Expr left, Expr right, Expr all);

 private:
  base::Result<Shape> opposite_objects(const ObjectShape& object, std::string_view keyword);
  base::Result<Shape> opposite_arrays(const ArrayShape& array, std::string_view keyword);
  Expr canonical_numbers();

  SchemaDocument& document_;
  const JsonText& json_;
  ExpressionPool& pool_;
  std::vector<ObjectLayer> object_layers_;
  std::vector<ArrayLayer> array_layers_;
  std::map<Term, Shape> known_;
  std::set<Term> open_;  // being worked out
  std::uint64_t meetings_ = 0;
};

/// The shape of one schema object, from its keywords; in schema_keywords.cc.
base::Result<Shape> shape_of_keywords(Shapes& shapes, const base::json::object& schema);

}  // namespace nearside::grammar
