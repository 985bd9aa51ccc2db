// A JSON Schema document: its subschemas by number, and where references lead.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace nearside::grammar {

using SchemaId = std::uint32_t;

class SchemaDocument {
 public:
  static constexpr SchemaId kFalse = 0;

  /// Errors: kInvalidArgument.
  static base::Result<SchemaDocument> parse(std::string_view text);

  [[nodiscard]] SchemaId root() { return id_of(*root_); }
  [[nodiscard]] const base::json::value& schema(SchemaId id) const { return *schemas_[id]; }
  /// The number of a subschema. REQUIRES: it lies in the document.
  SchemaId id_of(const base::json::value& schema);
  /// The number of a schema that is not in the document.
  SchemaId add(base::json::value schema);

  /// Errors: kUnsupported (leads out of the document), kInvalidArgument (leads to nothing).
  base::Result<SchemaId> resolve(std::string_view reference);
  /// Before 2019-09, keywords beside `$ref` did not count.
  [[nodiscard]] bool reference_stands_alone() const { return reference_stands_alone_; }

 private:
  void find_names(const base::json::value& value, std::size_t depth);

  // A value's address must stay: the document and what was added never move.
  std::deque<base::json::value> owned_;
  const base::json::value* root_ = nullptr;
  std::vector<const base::json::value*> schemas_;
  std::unordered_map<const base::json::value*, SchemaId> ids_;
  std::unordered_map<std::string, const base::json::value*> names_;  // by $id and $anchor
  std::string base_;                                                 // $id of the document
  bool reference_stands_alone_ = false;
};

}  // namespace nearside::grammar
