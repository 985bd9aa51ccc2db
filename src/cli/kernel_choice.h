// Which table of functions this process computes with.
#pragma once

#include "base/result.h"
#include "kernels/tables.h"

namespace nearside::cli {

/// The table named by the environment variable NEARSIDE_KERNELS (scalar, avx2, avx512), or the best
/// one where it is unset or empty. The only place that reads it.
/// Errors: kInvalidArgument when there is no such table or this processor lacks it.
base::Result<const kernels::Table*> chosen_kernels();

/// As `nearside --print-kernels` shows it. Errors: those of chosen_kernels.
base::Result<std::string> describe_kernels();

}  // namespace nearside::cli
