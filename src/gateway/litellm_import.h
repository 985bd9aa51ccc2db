// A LiteLLM proxy's configuration as one of ours.
// Source: LiteLLM's documentation of its config.yaml (model_list, litellm_params, model_info).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nearside::gateway {

struct Imported {
  std::string yaml;  // loads with load_config once prices and keys are there
  std::vector<std::string>
      notes;  // what could not be taken over, or needs a look, one sentence each
};

/// Every deployment of `model_list` becomes a target, every model_name a route over its
/// deployments. Keys are only ever references (os.environ/NAME becomes key_env; a key that stands
/// in the file is not copied). Loopback and private addresses are on-prem, all others cloud.
/// Errors: kInvalidArgument (no YAML, or no model_list in it).
base::Result<Imported> import_litellm(std::string_view text);

}  // namespace nearside::gateway
