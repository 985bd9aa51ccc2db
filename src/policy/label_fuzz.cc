// Any bytes are labelled: no crash, and every finding lies inside its text.
#include <cstdint>

#include "policy/label.h"
#include "policy/language.h"

namespace {

const nearside::policy::Labeler& labeler() {
  static const nearside::policy::Labeler instance = [] {
    nearside::policy::LabelRules rules;
    rules.words = {{"w",
                    nearside::policy::Sensitivity::kConfidential,
                    {},
                    {"straße", "Projekt Möwe", "gehalt*"}}};
    return *nearside::policy::Labeler::create(rules);
  }();
  return instance;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto conversation = nearside::policy::Conversation::of(text);
  const auto label = labeler().label(conversation);
  if (!label) __builtin_trap();
  for (const auto& finding : label->findings)
    if (finding.begin >= finding.end || finding.end > size) __builtin_trap();
  (void)nearside::policy::guess_language(conversation);
  return 0;
}
