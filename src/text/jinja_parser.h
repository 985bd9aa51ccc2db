// From a template's source to its tree.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "text/jinja_ast.h"

namespace nearside::text::jinja {

/// Errors: kInvalidArgument (syntax, with line), kTooLarge (source or nesting past the limits).
base::Result<std::unique_ptr<Program>> parse_program(std::string_view source,
                                                     const TemplateLimits& limits);

}  // namespace nearside::text::jinja
