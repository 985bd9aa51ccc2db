// The keywords of one schema object, each as a shape; the schema is where they all meet.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "grammar/decimal_range.h"
#include "grammar/json_schema.h"
#include "grammar/regex.h"
#include "grammar/schema_combiners.h"
#include "grammar/schema_shape.h"
#include "grammar/string_format.h"

namespace nearside::grammar {

namespace json = base::json;
using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

constexpr std::uint32_t kCountMax = 1U << 30;  // larger ones mean the same
constexpr std::uint32_t kMultiplePlacesMax = 9;

base::Error wrong(std::string_view keyword, std::string_view what) {
  return fail(Code::kInvalidArgument, "{} of the schema has to be {}", keyword, what);
}

/// A number as the decimal text that says exactly what was meant.
std::string decimal_text(const json::value& value) {
  if (const std::int64_t* number = value.if_int64()) return fmt::format("{}", *number);
  if (const std::uint64_t* number = value.if_uint64()) return fmt::format("{}", *number);
  return fmt::format("{}", value.get_double());
}

class Keywords {
 public:
  Keywords(Shapes& shapes, const json::object& schema) : shapes_(shapes), schema_(schema) {}

  Result<Shape> shape() {
    shape_ = shapes_.any();
    if (const json::value* reference = find("$ref")) {
      if (!reference->is_string()) return wrong("$ref", "a string");
      const SchemaId target =
          TRY(shapes_.document().resolve(std::string_view(reference->get_string())));
      const Shape referred = TRY(shapes_.of(Term{target, false}));
      if (shapes_.document().reference_stands_alone()) return referred;
      TRY(restrict(referred));
    }
    for (const char* keyword : {"$dynamicRef", "$recursiveRef"})
      if (find(keyword) != nullptr) return unsupported(keyword);
    TRY(types());
    TRY(values());
    TRY(numbers());
    TRY(strings());
    TRY(objects());
    TRY(arrays());
    TRY(restrict(combined_shape(shapes_, schema_, shape_)));
    return shape_;
  }

 private:
  [[nodiscard]] const json::value* find(std::string_view keyword) const {
    return schema_.if_contains(keyword);
  }
  [[nodiscard]] static base::Error unsupported(std::string_view keyword) {
    return fail(Code::kUnsupported, "the keyword {} is not supported", keyword);
  }
  Status restrict(Result<Shape> other) {
    const Shape shape = TRY(std::move(other));
    shape_ = TRY(shapes_.meet(shape_, shape));
    return {};
  }
  Term term(const json::value& schema) { return {shapes_.document().id_of(schema), false}; }

  Result<std::uint32_t> count(std::string_view keyword, std::uint32_t absent) const {
    const json::value* value = find(keyword);
    if (value == nullptr) return absent;
    if (!value->is_number()) return wrong(keyword, "a whole number");
    const double number = value->to_number<double>();
    if (!(number >= 0) || number != std::floor(number)) return wrong(keyword, "a whole number");
    return number >= kCountMax ? kCountMax : static_cast<std::uint32_t>(number);
  }

  Status types() {
    const json::value* type = find("type");
    if (type == nullptr) return {};
    Shape allowed;
    const auto allow = [&](const json::value& value) -> Status {
      const json::string* name = value.if_string();
      const std::string_view text = name == nullptr ? std::string_view() : std::string_view(*name);
      if (text == "null")
        allowed.null = true;
      else if (text == "boolean")
        allowed.no = allowed.yes = true;
      else if (text == "number")
        allowed.number = shapes_.json().number;
      else if (text == "integer" && allowed.number == kNothing)
        allowed.number = shapes_.json().integer;
      else if (text == "string")
        allowed.string = shapes_.json().string;
      else if (text == "object")
        allowed.objects.assign(1, {});
      else if (text == "array")
        allowed.arrays.assign(1, {});
      else if (text != "integer")
        return wrong("type", "the name of a JSON type, or a list of them");
      return {};
    };
    if (const json::array* list = type->if_array()) {
      for (const json::value& value : *list) TRY(allow(value));
    } else {
      TRY(allow(*type));
    }
    return restrict(allowed);
  }

  Status values() {
    if (const json::value* value = find("const")) TRY(restrict(one_of({value, 1})));
    const json::value* list = find("enum");
    if (list == nullptr) return {};
    if (!list->is_array()) return wrong("enum", "a list");
    return restrict(one_of({list->get_array().data(), list->get_array().size()}));
  }

  Result<Shape> one_of(std::span<const json::value> values) {
    Shape shape;
    std::vector<Expr> strings;
    std::vector<Expr> numbers;
    ExpressionPool& pool = shapes_.pool();
    for (const json::value& value : values) {
      if (value.is_null()) {
        shape.null = true;
      } else if (const bool* flag = value.if_bool()) {
        (*flag ? shape.yes : shape.no) = true;
      } else if (const json::string* text = value.if_string()) {
        strings.push_back(pool.literal(json_quoted(std::string_view(*text))));
      } else if (value.is_number()) {
        std::string number = decimal_text(value);
        const Decimal decimal = Decimal::parse(number);
        if (decimal.fraction.empty()) {  // 5 is 5.0, and 100.0 may be meant by 1e2
          number = (decimal.negative ? "-" : "") + decimal.whole;
          numbers.push_back(pool.literal(number + ".0"));
        }
        numbers.push_back(pool.literal(number));
      } else {
        const Shape constant = TRY(container(value));
        shape = TRY(shapes_.join(std::move(shape), constant));
      }
    }
    shape.string = pool.either(strings);
    shape.number = pool.either(numbers);
    return shape;
  }

  /// A constant object or array, as the shape of its members.
  Result<Shape> container(const json::value& value) {
    Shape shape;
    const auto constant = [&](const json::value& inner) {
      return Term{shapes_.document().add(json::object{{"const", inner}}), false};
    };
    if (const json::array* items = value.if_array()) {
      if (items->size() > kSchemaFirstItemsMax) return unsupported("enum with so long an array");
      ArrayLayer layer;
      for (const json::value& item : *items) layer.first.push_back(constant(item));
      const auto size = static_cast<std::uint32_t>(items->size());
      shape.arrays.push_back({{shapes_.add(std::move(layer))}, size, size});
      return shape;
    }
    ObjectLayer layer;
    ObjectShape object;
    for (const auto& member : value.get_object()) {
      layer.properties.emplace_back(std::string(member.key()), constant(member.value()));
      object.required.insert(std::string(member.key()));
    }
    layer.additional = Term{};
    object.layers.insert(shapes_.add(std::move(layer)));
    shape.objects.push_back(std::move(object));
    return shape;
  }

  Status limit(std::string_view keyword, const json::value& bound, Side side) {
    if (!bound.is_number()) return wrong(keyword, "a number");
    const double value = bound.to_number<double>();
    if (!std::isfinite(value)) return wrong(keyword, "a finite number");
    const bool integers = shape_.number == shapes_.json().integer;
    const Expr range =
        decimal_range(shapes_.pool(), Decimal::parse(decimal_text(bound)), side, integers);
    // A range has all spellings of its own, so that the first one takes the place of "any number".
    const bool any = integers || shape_.number == shapes_.json().number;
    shape_.number = any ? range : shapes_.meet_texts(shape_.number, range, shapes_.json().number);
    return {};
  }

  Status numbers() {
    if (shape_.number == kNothing) return {};
    const json::value* minimum = find("minimum");
    const json::value* maximum = find("maximum");
    const json::value* above = find("exclusiveMinimum");
    const json::value* below = find("exclusiveMaximum");
    // Draft 4: true makes the other keyword exclusive.
    const auto is_flag = [](const json::value* value) {
      return value != nullptr && value->is_bool();
    };
    const bool minimum_excluded = is_flag(above) && above->get_bool();
    const bool maximum_excluded = is_flag(below) && below->get_bool();
    if (minimum != nullptr)
      TRY(limit("minimum", *minimum, minimum_excluded ? Side::kAbove : Side::kAtLeast));
    if (maximum != nullptr)
      TRY(limit("maximum", *maximum, maximum_excluded ? Side::kBelow : Side::kAtMost));
    if (above != nullptr && !is_flag(above)) TRY(limit("exclusiveMinimum", *above, Side::kAbove));
    if (below != nullptr && !is_flag(below)) TRY(limit("exclusiveMaximum", *below, Side::kBelow));
    const json::value* multiple = find("multipleOf");
    if (multiple == nullptr) return {};
    if (!multiple->is_number() || !(multiple->to_number<double>() > 0))
      return wrong("multipleOf", "a number above 0");
    const Decimal step = Decimal::parse(decimal_text(*multiple));
    const std::string digits = step.whole + step.fraction;
    if (step.fraction.size() > kMultiplePlacesMax || digits.size() > 18 ||
        std::stoull(digits) >= (std::uint64_t{1} << 32) || std::stoull(digits) == 0)
      return unsupported("multipleOf with so many digits");
    ExpressionPool& pool = shapes_.pool();
    const Expr multiples = pool.sequence(
        pool.optional(pool.literal("-")),
        pool.multiple_of(std::stoull(digits), static_cast<std::uint32_t>(step.fraction.size())));
    // Both, also where any number would do: multiples have leading zeros.
    const Expr met = pool.both(shape_.number, multiples);
    shape_.number = pool.dead(met) ? kNothing : met;
    return {};
  }

  Result<Expr> pattern(const json::value& value) {
    if (!value.is_string()) return wrong("pattern", "a string");
    const RegexNode regex =
        TRY(parse_regex(std::string_view(value.get_string()), RegexUse::kSearch));
    return quoted(regex);
  }
  Expr quoted(const RegexNode& regex) {
    const Expr quote = shapes_.json().quote;
    return shapes_.pool().sequence(
        {quote, to_expression(regex, RegexText::kJsonString, shapes_.pool()), quote});
  }
  /// The same, with what went wrong named by its keyword.
  Result<Expr> pattern_of(std::string_view keyword, const json::value& value) {
    Result<Expr> expr = pattern(value);
    if (!expr) return std::move(expr).error().with_context(keyword);
    return *expr;
  }

  void restrict_strings(Expr texts) {
    shape_.string = shapes_.meet_texts(shape_.string, texts, shapes_.json().string);
  }

  Status strings() {
    if (shape_.string == kNothing) return {};
    const JsonText& text = shapes_.json();
    const std::uint32_t min = TRY(count("minLength", 0));
    const std::uint32_t max = TRY(count("maxLength", kUnbounded));
    if (min > max)
      shape_.string = kNothing;
    else if (min > 0 || max != kUnbounded)
      restrict_strings(shapes_.pool().sequence(
          {text.quote, shapes_.pool().repeat(text.character, min, max), text.quote}));
    if (const json::value* value = find("pattern"))
      restrict_strings(TRY(pattern_of("pattern", *value)));
    const json::value* format = find("format");
    if (format == nullptr || !format->is_string()) return {};
    const StringFormat known = string_format(std::string_view(format->get_string()));
    if (known.known == FormatKnown::kUnsupported)
      return fail(Code::kUnsupported, "the keyword format with {} is not supported",
                  std::string_view(format->get_string()));
    if (known.known == FormatKnown::kPattern)
      restrict_strings(quoted(TRY(parse_regex(known.pattern, RegexUse::kWhole))));
    return {};
  }

  Status objects() {
    if (shape_.objects.empty()) return {};
    ObjectShape object;
    object.min = TRY(count("minProperties", 0));
    object.max = TRY(count("maxProperties", kUnbounded));
    if (const json::value* required = find("required"); required && !required->is_bool()) {
      if (!required->is_array()) return wrong("required", "a list of names");
      for (const json::value& name : required->get_array()) {
        if (!name.is_string()) return wrong("required", "a list of names");
        object.required.insert(std::string(name.get_string()));
      }
    }
    ObjectLayer layer;
    for (const char* keyword : {"properties", "patternProperties"}) {
      const json::value* members = find(keyword);
      if (members == nullptr) continue;
      if (!members->is_object()) return wrong(keyword, "an object");
      for (const auto& member : members->get_object()) {
        const std::string name(member.key());
        if (keyword == std::string_view("properties"))
          layer.properties.emplace_back(name, term(member.value()));
        else
          layer.patterns.emplace_back(TRY(pattern_of(keyword, json::value(member.key()))),
                                      term(member.value()));
      }
    }
    if (const json::value* additional = find("additionalProperties"))
      layer.additional = term(*additional);
    if (const json::value* names = find("propertyNames"))
      layer.names = TRY(shapes_.of(term(*names))).string;
    const json::value* unevaluated = find("unevaluatedProperties");
    if (unevaluated != nullptr && *unevaluated != json::value(true))
      return unsupported("unevaluatedProperties");
    if (!layer.properties.empty() || !layer.patterns.empty() || layer.additional || layer.names)
      object.layers.insert(shapes_.add(std::move(layer)));
    Shape shape = shapes_.any();
    shape.objects.assign(1, std::move(object));
    return restrict(shape);
  }

  Status arrays() {
    if (shape_.arrays.empty()) return {};
    ArrayShape array;
    array.min = TRY(count("minItems", 0));
    array.max = TRY(count("maxItems", kUnbounded));
    const json::value* unique = find("uniqueItems");
    if (unique != nullptr && *unique == json::value(true) && array.max > 1)
      return unsupported("uniqueItems");
    if (find("contains") != nullptr) return unsupported("contains");
    const json::value* unevaluated = find("unevaluatedItems");
    if (unevaluated != nullptr && *unevaluated != json::value(true))
      return unsupported("unevaluatedItems");
    ArrayLayer layer;
    const json::value* first = find("prefixItems");
    const json::value* rest = find("items");
    if (rest != nullptr && rest->is_array()) {  // before 2020-12
      first = rest;
      rest = find("additionalItems");
    }
    if (first != nullptr) {
      if (!first->is_array()) return wrong("prefixItems", "a list");
      if (first->get_array().size() > kSchemaFirstItemsMax)
        return fail(Code::kTooLarge, "prefixItems has more than {} items", kSchemaFirstItemsMax);
      for (const json::value& item : first->get_array()) layer.first.push_back(term(item));
    }
    if (rest != nullptr) layer.rest = term(*rest);
    if (!layer.first.empty() || layer.rest) array.layers.insert(shapes_.add(std::move(layer)));
    Shape shape = shapes_.any();
    shape.arrays.assign(1, std::move(array));
    return restrict(shape);
  }

  Shapes& shapes_;
  const json::object& schema_;
  Shape shape_;
};

}  // namespace

Result<Shape> shape_of_keywords(Shapes& shapes, const json::object& schema) {
  return Keywords(shapes, schema).shape();
}

}  // namespace nearside::grammar
