#include "policy/pseudonyms/consider.h"

#include "policy/pseudonyms/hidden_request.h"

namespace nearside::policy {

void consider_pseudonyms(const PolicySet& set, const Labeler& labeler, const chat::Request& request,
                         Ask& ask) {
  if (!set.pseudonyms || !why_not_hidden(request).empty()) return;
  const Sensitivity hidden = labeler.sensitivity_without(ask.label, set.pseudonyms->detectors);
  if (hidden < ask.label.sensitivity) ask.sensitivity_hidden = hidden;
}

}  // namespace nearside::policy
