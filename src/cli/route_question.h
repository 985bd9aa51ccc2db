// What `nearside route explain` is asked: a text or a request file, with a caller's wishes.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "gateway/config.h"
#include "policy/decide.h"

namespace nearside::cli {

struct RouteQuestion {
  std::string text;          // one user message, or
  std::string request_file;  // a request body of OpenAI's dialect ("-": standard input)
  std::string model;         // "": the request's, or auto
  std::string tenant;
  std::string sensitivity;  // as the x-nearside-* headers, "" for none
  std::string priority;
  std::optional<double> deadline_ms;
  std::optional<double> cost_max_usd;
};

/// The decision that a node with this configuration would make if every target were up and nothing
/// had been measured. Errors: kInvalidArgument (a wish or the request is malformed), kNotFound
/// (unknown model), those of reading the file and of labelling.
base::Result<policy::Decision> answer(const RouteQuestion& question, const gateway::Config& config,
                                      base::WallTime now);

}  // namespace nearside::cli
