#include "grammar/schema_combiners.h"

namespace nearside::grammar {

namespace json = base::json;
using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

class Combiners {
 public:
  Combiners(Shapes& shapes, const json::object& schema, const Shape& own)
      : shapes_(shapes), schema_(schema), shape_(own) {}

  Result<Shape> shape() {
    if (const json::array* all = TRY(list("allOf")))
      for (const json::value& part : *all) TRY(restrict(of(part)));
    if (const json::array* any = TRY(list("anyOf"))) {
      Shape joined;
      for (const json::value& part : *any) {
        const Shape met = TRY(met_with(shape_, of(part)));
        joined = TRY(shapes_.join(joined, met));
      }
      shape_ = joined;
    }
    if (const json::array* one = TRY(list("oneOf"))) TRY(exactly_one(*one));
    if (const json::value* part = find("not"))
      TRY(restrict(shapes_.of(Term{shapes_.document().id_of(*part), true})));
    if (const json::value* condition = find("if")) TRY(conditional(*condition));
    TRY(dependencies());
    return pruned(shape_);
  }

 private:
  [[nodiscard]] const json::value* find(std::string_view keyword) const {
    return schema_.if_contains(keyword);
  }
  Result<const json::array*> list(std::string_view keyword) const {
    const json::value* value = find(keyword);
    if (value == nullptr) return static_cast<const json::array*>(nullptr);
    if (!value->is_array() || value->get_array().empty())
      return fail(Code::kInvalidArgument, "{} of the schema has to be a list", keyword);
    return &value->get_array();
  }
  Result<Shape> of(const json::value& schema) {
    return shapes_.of(Term{shapes_.document().id_of(schema), false});
  }
  Status restrict(Result<Shape> other) {
    const Shape shape = TRY(std::move(other));
    shape_ = TRY(shapes_.meet(shape_, shape));
    return {};
  }
  Result<Shape> met_with(const Shape& left, Result<Shape> right) {
    const Shape other = TRY(std::move(right));
    Shape met = TRY(shapes_.meet(left, other));
    return pruned(std::move(met));
  }
  /// Without alternatives that nothing meets, so that they do not multiply.
  Shape pruned(Shape shape) {
    const auto impossible = [&](auto list, const auto& one) {
      Shape alone;
      (alone.*list).push_back(one);
      return shapes_.empty(alone);
    };
    if (shape.objects.size() > 1)
      std::erase_if(shape.objects,
                    [&](const ObjectShape& one) { return impossible(&Shape::objects, one); });
    if (shape.arrays.size() > 1)
      std::erase_if(shape.arrays,
                    [&](const ArrayShape& one) { return impossible(&Shape::arrays, one); });
    return shape;
  }

  Status exactly_one(const json::array& parts) {
    std::vector<Shape> shapes;
    for (const json::value& part : parts) shapes.push_back(TRY(met_with(shape_, of(part))));
    Shape joined;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      Shape only = shapes[i];
      for (std::size_t j = 0; j < shapes.size(); ++j) {
        if (i == j) continue;
        const Shape common = TRY(met_with(shapes[i], shapes[j]));
        if (shapes_.empty(common)) continue;
        Result<Shape> others = shapes_.of(Term{shapes_.document().id_of(parts[j]), true});
        if (!others) {
          if (others.error().code != Code::kUnsupported) return std::move(others).error();
          return fail(Code::kUnsupported,
                      "oneOf is not supported where one value may match two of its schemas, "
                      "here {} and {}; use anyOf",
                      i + 1, j + 1);
        }
        only = TRY(met_with(only, std::move(others)));
      }
      joined = TRY(shapes_.join(joined, only));
    }
    shape_ = joined;
    return {};
  }

  Status conditional(const json::value& condition) {
    const json::value* then = find("then");
    const json::value* otherwise = find("else");
    if (then == nullptr && otherwise == nullptr) return {};
    const Shape holds = TRY(of(condition));
    const Shape fails = TRY(shapes_.opposite(holds, "if"));
    Shape yes = TRY(met_with(shape_, holds));
    if (then != nullptr) yes = TRY(met_with(yes, of(*then)));
    Shape no = TRY(met_with(shape_, fails));
    if (otherwise != nullptr) no = TRY(met_with(no, of(*otherwise)));
    shape_ = TRY(shapes_.join(std::move(yes), no));
    return {};
  }

  Status dependencies() {
    for (const char* keyword : {"dependencies", "dependentRequired", "dependentSchemas"}) {
      const json::value* value = find(keyword);
      if (value == nullptr || shape_.objects.empty()) continue;
      if (!value->is_object())
        return fail(Code::kInvalidArgument, "{} of the schema has to be an object", keyword);
      for (const auto& member : value->get_object()) {
        const std::string name(member.key());
        // Either the member is not there, or what depends on it holds.
        Shape absent = shapes_.any();
        absent.objects[0].forbidden.insert(name);
        Shape present;
        if (const json::array* names = member.value().if_array()) {
          ObjectShape all;
          all.required.insert(name);
          for (const json::value& other : *names)
            if (other.is_string()) all.required.insert(std::string(other.get_string()));
          present.objects.push_back(std::move(all));
        } else if (const json::string* other = member.value().if_string()) {  // draft 3
          present.objects.emplace_back();
          present.objects[0].required = {name, std::string(*other)};
        } else {
          ObjectShape has;
          has.required.insert(name);
          present.objects.push_back(std::move(has));
          present = TRY(met_with(present, of(member.value())));
        }
        TRY(restrict(shapes_.join(std::move(absent), present)));
        shape_ = pruned(std::move(shape_));
      }
    }
    return {};
  }

  Shapes& shapes_;
  const json::object& schema_;
  Shape shape_;
};

}  // namespace

Result<Shape> combined_shape(Shapes& shapes, const json::object& schema, const Shape& own) {
  return Combiners(shapes, schema, own).shape();
}

}  // namespace nearside::grammar
