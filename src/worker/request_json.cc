#include "worker/request_json.h"

#include <exception>

namespace nearside::worker {

namespace json = base::json;
using chat::Request;
using chat::Sampling;

namespace {

// The gateway bounds a body's nesting at 64; the request adds an object around its messages.
constexpr std::size_t kDepthMax = 72;

json::object sampling_to_json(const Sampling& sampling) {
  json::object out{{"temperature", sampling.temperature},
                   {"top_k", sampling.top_k},
                   {"top_p", sampling.top_p},
                   {"min_p", sampling.min_p},
                   {"repetition_penalty", sampling.repetition_penalty},
                   {"frequency_penalty", sampling.frequency_penalty},
                   {"presence_penalty", sampling.presence_penalty},
                   {"penalty_window_tokens", sampling.penalty_window_tokens}};
  if (sampling.seed) out["seed"] = *sampling.seed;
  return out;
}

float to_float(const json::value& value) { return static_cast<float>(value.to_number<double>()); }

Sampling sampling_from_json(const json::object& in) {
  Sampling sampling;
  sampling.temperature = to_float(in.at("temperature"));
  sampling.top_k = in.at("top_k").to_number<std::uint32_t>();
  sampling.top_p = to_float(in.at("top_p"));
  sampling.min_p = to_float(in.at("min_p"));
  sampling.repetition_penalty = to_float(in.at("repetition_penalty"));
  sampling.frequency_penalty = to_float(in.at("frequency_penalty"));
  sampling.presence_penalty = to_float(in.at("presence_penalty"));
  sampling.penalty_window_tokens = in.at("penalty_window_tokens").to_number<std::uint32_t>();
  if (const json::value* seed = in.if_contains("seed"))
    sampling.seed = seed->to_number<std::uint64_t>();
  return sampling;
}

/// Throws what Boost.JSON throws for a missing field or one of another type.
Request from_object(json::object& in) {
  Request request;
  request.kind = in.at("chat").as_bool() ? Request::Kind::kChat : Request::Kind::kCompletion;
  request.messages = std::move(in.at("messages").as_array());
  request.tools = std::move(in.at("tools").as_array());
  request.template_extra = std::move(in.at("template_extra").as_object());
  request.prompt = std::string(in.at("prompt").as_string());
  request.sampling = sampling_from_json(in.at("sampling").as_object());
  if (const json::value* most = in.if_contains("completion_tokens_max"))
    request.completion_tokens_max = most->to_number<std::uint32_t>();
  for (const json::value& stop : in.at("stop").as_array())
    request.stop.emplace_back(stop.as_string());
  return request;
}

}  // namespace

std::string request_to_json(const Request& request) {
  json::object out{{"chat", request.kind == Request::Kind::kChat},
                   {"messages", request.messages},
                   {"tools", request.tools},
                   {"template_extra", request.template_extra},
                   {"prompt", request.prompt},
                   {"sampling", sampling_to_json(request.sampling)},
                   {"stop", json::array(request.stop.begin(), request.stop.end())}};
  if (request.completion_tokens_max) out["completion_tokens_max"] = *request.completion_tokens_max;
  return json::serialize(out);
}

base::Result<Request> request_from_json(std::string_view text) {
  json::value value = TRY(base::parse_json(text, kDepthMax));
  try {
    return from_object(value.as_object());
  } catch (const std::exception& error) {
    return base::fail(base::Code::kInvalidArgument, "a request is not in the worker's form: {}",
                      error.what());
  }
}

}  // namespace nearside::worker
