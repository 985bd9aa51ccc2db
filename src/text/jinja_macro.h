// A macro as a value.
#pragma once

#include <cstdint>

#include "text/jinja_ast.h"

namespace nearside::text::jinja {

/// Sees the names of the scope it was defined in, as long as that scope lives; a macro that was
/// carried out of its scope (through a namespace) is refused when called.
struct MacroObject final : Object {
  const MacroDefinition* definition = nullptr;
  std::size_t frame = 0;
  std::uint64_t frame_serial = 0;
};

}  // namespace nearside::text::jinja
