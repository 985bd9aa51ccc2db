// A JSON value as text the way models and people write it: numbers without needless exponents.
#pragma once

#include <string>

#include "base/json.h"

namespace nearside::grammar {

enum class JsonSpacing {
  kCompact,  // {"a":1,"b":[]}
  kBlanks,   // {"a": 1, "b": []}
  kLines,    // one member or item a line, indented by two
};

/// REQUIRES: nested at most as deep as base::parse_json allows.
std::string json_instance(const base::json::value& value, JsonSpacing spacing);

}  // namespace nearside::grammar
