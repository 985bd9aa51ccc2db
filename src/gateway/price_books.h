// Prices that stand in price books become those of their targets.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "gateway/config.h"

namespace nearside::gateway {

/// Reads each book that the configuration names and prices its targets by it, with what is in force
/// on the day of `now` (UTC). Errors: those of reading a file (kPriceBookBytesMax),
/// kInvalidArgument (no price book), kNotFound (the book has no such model); all with the target's
/// name.
base::Status load_prices(Config& config, base::WallTime now);

/// The public book of all sellers has half a megabyte.
inline constexpr std::size_t kPriceBookBytesMax = std::size_t{64} << 20;

}  // namespace nearside::gateway
