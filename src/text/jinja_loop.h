// The variable `loop` inside of a for block.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "text/jinja_ast.h"
#include "text/jinja_function.h"

namespace nearside::text::jinja {

struct LoopObject final : Object {
  Value items;             // a list or tuple; emptied when the loop ends
  std::size_t index0 = 0;  // of the current item
  std::size_t length = 0;
  std::size_t nesting = 0;                 // of recursive calls
  const ForStatement* recurses = nullptr;  // null: not a recursive loop
  std::size_t frame = 0;                   // where the loop stands (interpreter's frames)
  std::uint64_t frame_serial = 0;
  std::optional<Value> changed;  // what loop.changed() saw last
};

/// loop.index, loop.last, ...; empty where it has no such attribute.
base::Result<std::optional<Value>> loop_attribute(Runtime& runtime, const Value& loop,
                                                  std::string_view name);
std::span<const FunctionEntry> loop_methods();

}  // namespace nearside::text::jinja
