// Schemas with instances that are known to be valid or not, tried on a constraint: what the data
// test, the bench and `nearside eval schemas` measure with.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "grammar/constraint.h"
#include "text/tokenizer.h"

namespace nearside::grammar {

/// What came of it; add up over many schemas.
struct SchemaTally {
  std::size_t schemas = 0;
  std::size_t supported = 0;
  std::size_t valid = 0;           // instances of supported schemas
  std::size_t valid_accepted = 0;  // token by token, and the end
  std::size_t invalid = 0;
  std::size_t invalid_accepted = 0;
  std::vector<double> compile_us;               // of supported schemas
  std::vector<double> mask_us;                  // one for each token
  std::map<std::string, std::size_t> refusals;  // by message
  std::vector<std::string> wrong;               // which instances came out wrong, and where
};

/// Tries one record {"id", "schema", "tests": [{"valid", "data"}]}.
/// Errors: kInvalidArgument (not such a record).
base::Status try_schema(std::string_view record, const text::Tokenizer& tokenizer,
                        const std::shared_ptr<const Lexicon>& lexicon, const base::Clock& clock,
                        SchemaTally& tally);

/// The value below which `part` of the values lie; 0 of none.
double quantile(std::vector<double> values, double part);
double mean(const std::vector<double>& values);

}  // namespace nearside::grammar
