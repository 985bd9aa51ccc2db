// `--kv`, for every command that computes with a model.
#pragma once

#include "cli/options.h"
#include "model/kv_cache.h"

namespace nearside::cli {

/// Adds the option; `type` keeps its value where it is not given and must outlive the parsing.
void add_kv_option(App& command, model::KvType& type);

}  // namespace nearside::cli
