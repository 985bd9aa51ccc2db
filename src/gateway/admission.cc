#include "gateway/admission.h"

#include <algorithm>
#include <utility>

#include "gateway/judged_prompt.h"
#include "policy/ask.h"
#include "policy/document.h"
#include "policy/pseudonyms/consider.h"

namespace nearside::gateway {
namespace {

/// The label of everything in the request, and what the decision has to know besides.
base::Result<policy::Ask> label(const Snapshot& snapshot, const Services& services,
                                const Caller& caller, const Wishes& wishes, const Asked& asked,
                                const ConversationTrail& trail) {
  const TenantConfig* tenant = snapshot.config.find_tenant(caller.tenant);
  std::optional<policy::Sensitivity> at_least = wishes.sensitivity_at_least;
  if (tenant != nullptr && tenant->sensitivity_min)
    at_least = at_least ? std::max(*at_least, *tenant->sensitivity_min) : *tenant->sensitivity_min;

  const base::SteadyTime began = services.clock.steady();
  const policy::Conversation conversation = policy::Conversation::of(asked.request);
  const policy::Taint earlier = trail.inherited(began);
  policy::LabelContext context;
  context.at_least = at_least;
  context.earlier = &earlier;
  context.tenant = caller.tenant;
  policy::Label found = TRY(snapshot.labeler.label(conversation, context));
  services.metrics.label_computed(services.clock.steady() - began);
  services.metrics.label_read(found.scanned_bytes, conversation.text_bytes() - found.scanned_bytes);

  policy::Ask ask =
      policy::make_ask(conversation, std::move(found), asked.request.completion_tokens_max);
  ask.model = asked.model;
  ask.upstream_only = asked.upstream_only;
  ask.tenant = caller.tenant;
  if (tenant != nullptr) ask.tenant_regions = tenant->regions;
  ask.priority = wishes.priority;
  if (wishes.deadline) ask.deadline_ms = static_cast<double>(wishes.deadline->count());
  ask.cost_max_usd = wishes.cost_max_usd;
  ask.streamed = asked.stream;
  ask.answers_judgeable =
      asked.request.kind != chat::Request::Kind::kEmbedding && asked.request.choices == 1;
  policy::consider_pseudonyms(snapshot.config.policy, snapshot.labeler, asked.request, ask);
  return ask;
}

}  // namespace

ApiError refused_caller(const Services& services, const http::Request& request,
                        const base::Error& error) {
  services.note("key_refused", {{"remote", request.remote_address},
                                {"path", request.path},
                                {"client_name", request.client_name},
                                {"why", error.message}});
  ApiError refused = to_api_error(error);
  if (error.code == base::Code::kPermission) refused.code = "scope_missing";
  return refused;
}

namespace {

ApiError refused_template(const base::Error& error) {
  ApiError refused = to_api_error(error);
  refused.param = "nearside";
  if (error.code == base::Code::kNotFound) refused.code = "template_not_found";
  return refused;
}

}  // namespace

std::variant<Admission, ApiError> admit(const Snapshot& snapshot, const Services& services,
                                        const Dialect& dialect, const Operation& operation,
                                        const http::Request& request) {
  auto caller = snapshot.auth.identify(request);
  if (!caller) return refused_caller(services, request, caller.error());
  auto wishes = read_wishes(request.headers);
  if (auto* error = std::get_if<ApiError>(&wishes)) return std::move(*error);
  auto parsed = dialect.parse(operation, request.body);
  if (auto* error = std::get_if<ApiError>(&parsed)) return std::move(*error);

  Admission admission{.caller = *std::move(caller),
                      .wishes = std::get<Wishes>(wishes),
                      .asked = std::get<Asked>(std::move(parsed)),
                      .trail = {},
                      .template_use = {},
                      .decision = {},
                      .judged_prompt = {},
                      .shadow_choice = {}};
  // Before a template stands among the messages: its text is never kept with a judgement.
  if (services.quality != nullptr || services.feedback != nullptr)
    admission.judged_prompt = judged_prompt(admission.asked.request);
  auto used = snapshot.templates.apply(admission.caller.tenant, admission.asked.request);
  if (!used) return refused_template(used.error());
  admission.template_use = *std::move(used);
  admission.asked.request.tenant = admission.caller.tenant;
  admission.asked.request.priority = admission.wishes.priority;
  if (services.taints != nullptr)
    admission.trail =
        ConversationTrail(*services.taints, admission.caller.tenant, admission.caller.key_name,
                          admission.wishes.conversation, admission.asked.request);
  auto ask = label(snapshot, services, admission.caller, admission.wishes, admission.asked,
                   admission.trail);
  if (!ask)
    return to_api_error(base::fail(base::Code::kInternal,
                                   "the request was refused because it could not be labelled: {}",
                                   ask.error().message));

  const base::SteadyTime began = services.clock.steady();
  if (services.quality != nullptr)
    ask->good_predicted = services.quality->chances(admission.judged_prompt,
                                                    snapshot.config.policy.targets, ask->language);
  if (services.tools != nullptr)
    ask->tools_called_by =
        services.tools->target_of(admission.caller.tenant, admission.asked.request, began);
  std::vector<policy::Live> live = snapshot.live(began);
  snapshot.overflow.mark(snapshot.config.policy, *ask, live, began);
  auto decision =
      policy::decide(snapshot.config.policy, live, *std::move(ask), services.clock.wall());
  if (!decision) return to_api_error(decision.error());
  services.metrics.decision_made(services.clock.steady() - began);
  if (snapshot.shadow != nullptr)
    admission.shadow_choice = snapshot.shadow->choice(*decision, live);
  admission.decision = *std::move(decision);
  return admission;
}

}  // namespace nearside::gateway
