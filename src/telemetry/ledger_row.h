// A record as the ledger's table keeps it, in bytes: one value a column.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "telemetry/record.h"

namespace nearside::telemetry {

/// Number of the format; changes with the table's columns.
constexpr std::uint32_t kRowFormat = 1;

/// Appends the record's row to `out`.
void append_row(const Record& record, std::string& out);

/// What `bytes`, one row, hold. Points into them.
class RowReader {
 public:
  using Value = std::variant<std::monostate, std::int64_t, double, std::string_view>;

  explicit RowReader(std::string_view bytes) : rest_(bytes) {}
  /// The next column; empty at the end, or where the bytes make no sense.
  std::optional<Value> next();

 private:
  std::string_view rest_;
};

/// Whose row it is, and whether the request was under way.
struct RowKey {
  std::string_view decision_id;
  bool open = false;
};
RowKey key_of(std::string_view row);

}  // namespace nearside::telemetry
