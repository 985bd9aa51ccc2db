#include "gateway/needs.h"

#include <algorithm>
#include <array>

namespace nearside::gateway {
namespace {

// What the engine behind a local target honours. An ability is switched on here, and only here,
// once the engine does it: "tools", "response_format", "grammar", "logprobs", "n", "logit_bias",
// "embeddings", "images", "audio", "files".
constexpr std::array<std::string_view, 6> kLocalModelsCan = {
    "tools", "response_format", "logprobs", "n", "logit_bias", "embeddings"};

}  // namespace

bool local_models_can(std::string_view ability) {
  return std::find(kLocalModelsCan.begin(), kLocalModelsCan.end(), ability) !=
         kLocalModelsCan.end();
}

void need(Asked& asked, std::string_view ability) {
  if (!local_models_can(ability)) asked.upstream_only = ability;
}

}  // namespace nearside::gateway
