#include "worker/request_json.h"

#include <exception>
#include <stdexcept>
#include <utility>

namespace nearside::worker {

namespace json = base::json;
using chat::AnswerFormat;
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

/// An enumerator by its number. Throws for one past the last.
template <typename Enum>
Enum numbered(const json::value& value, Enum last) {
  const auto number = value.to_number<unsigned>();
  if (number > static_cast<unsigned>(last)) throw std::out_of_range("an enumerator past the last");
  return static_cast<Enum>(number);
}

/// Throws what Boost.JSON throws for a missing field or one of another type.
Request from_object(json::object& in) {
  Request request;
  request.kind = numbered<Request::Kind>(in.at("kind"), Request::Kind::kEmbedding);
  request.messages = std::move(in.at("messages").as_array());
  request.tools = std::move(in.at("tools").as_array());
  request.template_extra = std::move(in.at("template_extra").as_object());
  request.tool_choice = in.at("tool_choice");
  request.parallel_tool_calls = in.at("parallel_tool_calls").as_bool();
  request.prompt = std::string(in.at("prompt").as_string());
  for (const json::value& input : in.at("inputs").as_array())
    request.inputs.emplace_back(input.as_string());
  request.dimensions = in.at("dimensions").to_number<std::uint32_t>();
  request.sampling = sampling_from_json(in.at("sampling").as_object());
  if (const json::value* most = in.if_contains("completion_tokens_max"))
    request.completion_tokens_max = most->to_number<std::uint32_t>();
  for (const json::value& stop : in.at("stop").as_array())
    request.stop.emplace_back(stop.as_string());
  for (const json::value& bias : in.at("logit_bias").as_array())
    request.logit_bias.emplace_back(bias.at(0).to_number<std::int32_t>(), to_float(bias.at(1)));
  if (const json::value* logprobs = in.if_contains("logprobs"))
    request.logprobs = logprobs->to_number<std::uint32_t>();
  request.choices = in.at("choices").to_number<std::uint32_t>();
  request.format.kind =
      numbered<AnswerFormat::Kind>(in.at("format").at("kind"), AnswerFormat::Kind::kGrammar);
  request.format.text = std::string(in.at("format").at("text").as_string());
  for (const json::value& adapter : in.at("adapters").as_array())
    request.adapters.push_back(
        {std::string(adapter.at("name").as_string()), to_float(adapter.at("scale"))});
  request.priority = numbered<chat::Priority>(in.at("priority"), chat::Priority::kBatch);
  request.tenant = std::string(in.at("tenant").as_string());
  if (const json::value* begun = in.if_contains("begun"))
    request.begun = std::string(begun->as_string());
  request.reasoning_effort = std::string(in.at("reasoning_effort").as_string());
  if (const json::value* most = in.if_contains("time_max_ms"))
    request.time_max = std::chrono::milliseconds(most->to_number<std::int64_t>());
  return request;
}

}  // namespace

std::string request_to_json(const Request& request) {
  json::array bias;
  for (const auto& [token, added] : request.logit_bias) bias.push_back(json::array{token, added});
  json::array adapters;
  for (const chat::Adapter& adapter : request.adapters)
    adapters.push_back(json::object{{"name", adapter.name}, {"scale", adapter.scale}});
  json::object out{{"kind", static_cast<unsigned>(request.kind)},
                   {"messages", request.messages},
                   {"tools", request.tools},
                   {"template_extra", request.template_extra},
                   {"tool_choice", request.tool_choice},
                   {"parallel_tool_calls", request.parallel_tool_calls},
                   {"prompt", request.prompt},
                   {"inputs", json::array(request.inputs.begin(), request.inputs.end())},
                   {"dimensions", request.dimensions},
                   {"sampling", sampling_to_json(request.sampling)},
                   {"stop", json::array(request.stop.begin(), request.stop.end())},
                   {"logit_bias", std::move(bias)},
                   {"choices", request.choices},
                   {"format", json::object{{"kind", static_cast<unsigned>(request.format.kind)},
                                           {"text", request.format.text}}},
                   {"adapters", std::move(adapters)},
                   {"priority", static_cast<unsigned>(request.priority)},
                   {"reasoning_effort", request.reasoning_effort},
                   {"tenant", request.tenant}};
  if (request.time_max) out["time_max_ms"] = request.time_max->count();
  if (!request.begun.empty()) out["begun"] = request.begun;
  if (request.logprobs) out["logprobs"] = *request.logprobs;
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
