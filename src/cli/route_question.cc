#include "cli/route_question.h"

#include <algorithm>
#include <variant>

#include "base/file.h"
#include "gateway/dialect.h"
#include "gateway/judged_prompt.h"
#include "gateway/learned_quality.h"
#include "policy/label.h"
#include "policy/pseudonyms/consider.h"

namespace nearside::cli {

namespace json = base::json;

namespace {

constexpr std::size_t kRequestBytesMax = std::size_t{64} << 20;

/// The request as the node would read it: a body with a prompt is a completion, any other a chat.
base::Result<gateway::Asked> read_request(const std::string& text) {
  json::value body = TRY(base::parse_json(text));
  bool completion = false;
  if (json::object* object = body.if_object()) {
    completion = object->contains("prompt") && !object->contains("messages");
    if (!object->contains("model")) (*object)["model"] = "auto";
  }
  const gateway::Dialect& dialect = gateway::openai_dialect();
  auto parsed = dialect.parse(dialect.operations()[completion ? 1 : 0], json::serialize(body));
  if (auto* error = std::get_if<gateway::ApiError>(&parsed))
    return base::fail(base::Code::kInvalidArgument, "the request: {}", error->message);
  return std::get<gateway::Asked>(std::move(parsed));
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

  gateway::Asked asked;
  asked.model = "auto";
  if (question.request_file.empty()) {
    asked.request.messages = {json::object{{"role", "user"}, {"content", question.text}}};
  } else {
    const std::string body = TRY(base::read_file(question.request_file, kRequestBytesMax));
    asked = TRY(read_request(body));
  }
  const policy::Conversation conversation = policy::Conversation::of(asked.request);
  const policy::Labeler labeler = TRY(policy::Labeler::create(config.labels));
  policy::Ask ask = policy::make_ask(conversation, TRY(labeler.label(conversation, at_least)),
                                     asked.request.completion_tokens_max);
  ask.model = question.model.empty() ? asked.model : question.model;
  ask.upstream_only = asked.upstream_only;
  ask.tenant = question.tenant;
  if (tenant != nullptr) ask.tenant_regions = tenant->regions;
  ask.priority = priority.value_or(policy::Priority::kNormal);
  ask.deadline_ms = question.deadline_ms;
  ask.cost_max_usd = question.cost_max_usd;
  policy::consider_pseudonyms(config.policy, labeler, asked.request, ask);
  ask.streamed = asked.stream;
  ask.answers_judgeable = asked.request.choices == 1;
  if (config.quality.any()) {
    const auto quality = TRY(gateway::LearnedQuality::open(config.quality));
    ask.good_predicted = quality->chances(gateway::judged_prompt(asked.request),
                                          config.policy.targets, ask.language);
  }
  const std::vector<policy::Live> live(config.policy.targets.size());
  return policy::decide(config.policy, live, std::move(ask), now);
}

}  // namespace nearside::cli
