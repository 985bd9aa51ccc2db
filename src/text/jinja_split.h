// Splitting and replacing in texts, as str.split, rsplit and replace do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/jinja_budget.h"

namespace nearside::text::jinja {

using Parts = std::vector<std::string_view>;  // views into the text that was split

/// At white space; `times_max` < 0: everywhere. Errors of all: kTooLarge.
base::Result<Parts> split_at_space(Budget& budget, std::string_view text, std::int64_t times_max);
base::Result<Parts> split_at_space_from_end(Budget& budget, std::string_view text,
                                            std::int64_t times_max);
/// REQUIRES: separator is not empty.
base::Result<Parts> split_at(Budget& budget, std::string_view text, std::string_view separator,
                             std::int64_t times_max);
base::Result<Parts> split_at_from_end(Budget& budget, std::string_view text,
                                      std::string_view separator, std::int64_t times_max);
/// At line breaks, as str.splitlines.
base::Result<Parts> split_lines(Budget& budget, std::string_view text, bool keep_ends = false);

/// Errors: kTooLarge.
base::Result<std::string> replaced(Budget& budget, std::string_view text, std::string_view old,
                                   std::string_view with, std::int64_t times_max);

}  // namespace nearside::text::jinja
