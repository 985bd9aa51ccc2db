// The keywords of a schema that combine other schemas.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "grammar/schema_shape.h"

namespace nearside::grammar {

/// Where allOf, anyOf, oneOf, not, if/then/else, dependencies, dependentRequired and
/// dependentSchemas of `schema` meet; `own` is the shape that its other keywords have.
base::Result<Shape> combined_shape(Shapes& shapes, const base::json::object& schema,
                                   const Shape& own);

}  // namespace nearside::grammar
