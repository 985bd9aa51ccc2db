#include "cli/route_question.h"

#include <algorithm>
#include <span>

#include "base/file.h"
#include "policy/label.h"

namespace nearside::cli {

namespace json = base::json;

namespace {

constexpr std::size_t kRequestBytesMax = std::size_t{64} << 20;

/// The parts of a request body that a decision looks at; the node itself checks more.
base::Result<chat::Request> read_request(const std::string& text, std::string& model) {
  const json::value body = TRY(base::parse_json(text));
  const json::object* object = body.if_object();
  const auto bad = [](std::string_view what) {
    return base::fail(base::Code::kInvalidArgument, "the request {}", what);
  };
  if (object == nullptr) return bad("is no JSON object");
  chat::Request request;
  const json::value* messages = object->if_contains("messages");
  const json::value* prompt = object->if_contains("prompt");
  if (messages != nullptr && messages->is_array()) {
    request.messages = messages->get_array();
  } else if (prompt != nullptr && prompt->is_string()) {
    request.kind = chat::Request::Kind::kCompletion;
    request.prompt = prompt->get_string();
  } else {
    return bad("has neither a list of messages nor a prompt");
  }
  if (const json::value* tools = object->if_contains("tools");
      tools != nullptr && tools->is_array())
    request.tools = tools->get_array();
  for (const char* name : {"max_tokens", "max_completion_tokens"})
    if (const json::value* tokens = object->if_contains(name);
        tokens != nullptr && tokens->is_int64())
      request.completion_tokens_max =
          static_cast<std::uint32_t>(std::clamp<std::int64_t>(tokens->get_int64(), 1, UINT32_MAX));
  if (const json::value* named = object->if_contains("model");
      named != nullptr && named->is_string())
    model = named->get_string();
  request.original = *object;
  return request;
}

template <typename T>
base::Result<std::optional<T>> parse_wish(const std::string& text,
                                          std::optional<T> (*parse)(std::string_view),
                                          std::string_view option, std::string_view values) {
  if (text.empty()) return std::optional<T>();
  const auto value = parse(text);
  if (!value)
    return base::fail(base::Code::kInvalidArgument, "{} '{}' is not known; give {}", option, text,
                      values);
  return value;
}

}  // namespace

base::Result<policy::Decision> answer(const RouteQuestion& question, const gateway::Config& config,
                                      base::WallTime now) {
  auto at_least = TRY(parse_wish(question.sensitivity, policy::parse_sensitivity, "--sensitivity",
                                 "public, internal, confidential or restricted"));
  const auto priority = TRY(parse_wish(question.priority, policy::parse_priority, "--priority",
                                       "realtime, normal or batch"));
  const gateway::TenantConfig* tenant = config.find_tenant(question.tenant);
  if (tenant == nullptr && !question.tenant.empty())
    return base::fail(base::Code::kInvalidArgument, "there is no tenant '{}' in the configuration",
                      question.tenant);
  if (tenant != nullptr && tenant->sensitivity_min)
    at_least = std::max(at_least.value_or(policy::Sensitivity::kPublic), *tenant->sensitivity_min);

  std::string model = "auto";
  chat::Request request;
  if (question.request_file.empty()) {
    request.messages = {json::object{{"role", "user"}, {"content", question.text}}};
  } else {
    const std::string body = TRY(base::read_file(question.request_file, kRequestBytesMax));
    request = TRY(read_request(body, model));
  }
  const policy::Conversation conversation = policy::Conversation::of(request);
  const policy::Labeler labeler = TRY(policy::Labeler::create(config.labels));
  policy::Ask ask = policy::make_ask(conversation, TRY(labeler.label(conversation, at_least)),
                                     request.completion_tokens_max);
  ask.model = question.model.empty() ? model : question.model;
  ask.tenant = question.tenant;
  if (tenant != nullptr) ask.tenant_regions = tenant->regions;
  ask.priority = priority.value_or(policy::Priority::kNormal);
  ask.deadline_ms = question.deadline_ms;
  ask.cost_max_usd = question.cost_max_usd;
  const std::vector<policy::Live> live(config.policy.targets.size());
  return policy::decide(config.policy, live, std::move(ask), now);
}

}  // namespace nearside::cli
