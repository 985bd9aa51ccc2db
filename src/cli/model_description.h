// What `nearside model inspect` says of a model file, for eyes and for programs.
#pragma once

#include <string>

#include "base/json.h"
#include "gguf/file.h"

namespace nearside::cli {

/// Arrays longer than this are shown by their length and first elements.
inline constexpr std::size_t kArrayElementsShown = 8;

/// Some lines for a terminal: the sum, the metadata, the tensors. Control characters and bytes that
/// are not UTF-8 are escaped as \xNN, so that a file cannot drive the terminal; long strings end in
/// an ellipsis.
std::string describe_text(const gguf::File& file, const std::string& path);

/// {file, version, size_bytes, parameters, weight_bytes, metadata: {key: {type, value} or
/// {type: "array", element_type, count, first}}, tensors: [{name, type, dims, size_bytes}]}.
/// Strings are whole; a float that is not finite becomes null.
base::json::object describe_json(const gguf::File& file, const std::string& path);

}  // namespace nearside::cli
