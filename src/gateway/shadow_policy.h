// A policy on trial: it decides beside the one in force and never acts.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "policy/decide.h"
#include "policy/rules.h"

namespace nearside::gateway {

/// Immutable; thread-safe.
class ShadowPolicy {
 public:
  /// The policy of another node's configuration file. Its targets are matched with `live` by name;
  /// those that `live` has not are taken for up and as fast as configured, and nobody asks them.
  /// Errors: those of load_config and load_prices.
  static base::Result<std::shared_ptr<const ShadowPolicy>> load(const std::string& file,
                                                                const policy::PolicySet& live,
                                                                base::WallTime now);
  ShadowPolicy(policy::PolicySet set, const policy::PolicySet& live);

  /// What it would choose where `made` was decided: a target, "refused", or "unknown model".
  /// `live` are the figures that `made` went by.
  [[nodiscard]] std::string choice(const policy::Decision& made,
                                   std::span<const policy::Live> live) const;

 private:
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  const policy::PolicySet set_;
  std::vector<std::size_t> live_of_;  // by target of set_: index into the live figures
};

}  // namespace nearside::gateway
