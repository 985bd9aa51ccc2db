#include "gateway/shadow_policy.h"

#include "gateway/config.h"
#include "gateway/price_books.h"

namespace nearside::gateway {

base::Result<std::shared_ptr<const ShadowPolicy>> ShadowPolicy::load(const std::string& file,
                                                                     const policy::PolicySet& live,
                                                                     base::WallTime now) {
  auto config = load_config(file);
  if (!config) return std::move(config).error().with_context("shadow.config");
  TRY(load_prices(*config, now));
  return std::make_shared<const ShadowPolicy>(std::move(config->policy), live);
}

ShadowPolicy::ShadowPolicy(policy::PolicySet set, const policy::PolicySet& live)
    : set_(std::move(set)) {
  for (const policy::Target& target : set_.targets)
    live_of_.push_back(live.find_target(target.name).value_or(kNowhere));
}

std::string ShadowPolicy::choice(const policy::Decision& made,
                                 std::span<const policy::Live> live) const {
  std::vector<policy::Live> own(set_.targets.size());
  for (std::size_t i = 0; i < own.size(); ++i)
    if (live_of_[i] != kNowhere) own[i] = live[live_of_[i]];
  const auto decision = policy::decide(set_, own, made.ask, made.time);
  if (!decision) return "unknown model";
  return decision->refused() ? "refused" : decision->chosen().target;
}

}  // namespace nearside::gateway
