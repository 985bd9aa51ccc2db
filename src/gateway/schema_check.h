// Whether a value is what a JSON schema says, as far as an answer can plainly be seen to be not.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"

namespace nearside::gateway {

/// The first violation found, as "path: what"; empty: none. Looked at are type, enum, const,
/// required, properties, additionalProperties: false, items, minItems, maxItems, minimum, maximum,
/// minLength, maxLength, anyOf, allOf and $ref into $defs or definitions of the document. Any other
/// keyword is taken for kept: this looks for answers that failed, it does not certify those that
/// did not. Bounds: kSchemaCheckDepthMax levels, what lies deeper is taken for right.
std::optional<std::string> schema_violation(const base::json::value& schema,
                                            const base::json::value& value);

inline constexpr int kSchemaCheckDepthMax = 32;

}  // namespace nearside::gateway
