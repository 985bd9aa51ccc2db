#include "engine/fair_share.h"

#include <algorithm>
#include <optional>

#include "base/check.h"

namespace nearside::engine {

void FairShare::begin(std::string_view tenant) {
  std::optional<std::uint64_t> least;
  for (const auto& [name, account] : accounts_)
    if (account.works > 0 && (!least || account.served < *least)) least = account.served;
  Account& account = accounts_.try_emplace(std::string(tenant)).first->second;
  if (account.works++ > 0) return;
  ++active_;
  account.served = std::max(account.served, least.value_or(0));
}

void FairShare::end(std::string_view tenant) {
  const auto found = accounts_.find(tenant);
  CHECK(found != accounts_.end() && found->second.works > 0);
  if (--found->second.works > 0) return;
  --active_;
  if (accounts_.size() <= kTenantsMax) return;
  auto forgotten = accounts_.end();
  for (auto it = accounts_.begin(); it != accounts_.end(); ++it)
    if (it->second.works == 0 &&
        (forgotten == accounts_.end() || it->second.served < forgotten->second.served))
      forgotten = it;
  accounts_.erase(forgotten);
}

void FairShare::charge(std::string_view tenant, std::uint64_t tokens) {
  const auto found = accounts_.find(tenant);
  CHECK(found != accounts_.end());
  found->second.served += tokens;
}

std::uint64_t FairShare::served(std::string_view tenant) const {
  const auto found = accounts_.find(tenant);
  return found == accounts_.end() ? 0 : found->second.served;
}

}  // namespace nearside::engine
