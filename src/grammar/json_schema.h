// JSON Schema as rules.
//
// Supported, in any combination that does not need to be remembered past the text: type, enum,
// const; minimum, maximum, exclusiveMinimum, exclusiveMaximum (also draft 4's), multipleOf;
// minLength, maxLength, pattern, format (string_format.h); properties, required,
// additionalProperties, patternProperties, propertyNames, minProperties, maxProperties,
// dependencies, dependentRequired, dependentSchemas; items, prefixItems, additionalItems, minItems,
// maxItems; allOf, anyOf, oneOf, not, if/then/else; $ref inside the document; $defs, definitions,
// $anchor, $id. Members come in any order. Annotations and unknown keywords say nothing, as the
// standard has it.
//
// Refused by name, because a mask could not keep the promise that what is allowed can be completed
// to a valid value: uniqueItems, contains, unevaluatedProperties, unevaluatedItems, $dynamicRef,
// $ref into other documents; oneOf, not and if where telling the cases apart needs more than types,
// texts, numbers, and which members there are and what they hold.
#pragma once

#include <string_view>

#include "base/result.h"
#include "grammar/json_text.h"
#include "grammar/rules.h"

namespace nearside::grammar {

inline constexpr std::size_t kSchemaDepthMax = 64;      // of the document
inline constexpr std::size_t kSchemaRulesMax = 20'000;  // different values
inline constexpr std::size_t kSchemaVariantsMax = 512;  // alternative objects or arrays of a value
inline constexpr std::size_t kSchemaFirstItemsMax = 1'000;  // of prefixItems
inline constexpr std::size_t kSchemaKeyClassesMax = 128;    // combinations of patternProperties

/// Adds the rules and sets the root. Errors: kInvalidArgument (not JSON, or a keyword has a value
/// that it cannot have), kUnsupported (names the keyword), kTooLarge (past the bounds).
base::Status add_json_schema(std::string_view text, const JsonText& json, Grammar& grammar);

}  // namespace nearside::grammar
