// What a decision must know of pseudonyms.
#pragma once

#include "chat/request.h"
#include "policy/ask.h"
#include "policy/rules.h"

namespace nearside::policy {

/// Sets ask.sensitivity_hidden where the policy knows pseudonyms and the request's values can be
/// replaced. REQUIRES: ask.label is the labeller's label of the request.
void consider_pseudonyms(const PolicySet& set, const Labeler& labeler, const chat::Request& request,
                         Ask& ask);

}  // namespace nearside::policy
