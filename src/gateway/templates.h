// The prompt templates of a node, opened: callers name one and fill its holes.
//
// A request brings them in its body, in any chat dialect:
//   "nearside": {"template": "triage@3", "variables": {"site": "hall 2"}}
// "triage" without a version is the newest that the caller's tenant may use. The template's text
// goes before the caller's messages, with a canary of the tenant's; the answer passes an egress
// filter. The caller gets neither the text nor a way round it: no system message of their own
// beside a system template, no log-probabilities, and what they fill in is never read as control
// tokens (engine/prompt.h).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/request.h"
#include "gateway/config.h"
#include "vault/egress_filter.h"
#include "vault/prompt_template.h"

namespace nearside::gateway {

/// A template in use by one request: what its answer must not contain.
struct TemplateUse {
  std::string name;  // "triage@3"
  std::shared_ptr<const vault::EgressPatterns> patterns;
  std::string canary;
};

/// Immutable; thread-safe. Texts are in this process's memory, which no core dump has where
/// templates are sealed.
class Templates {
 public:
  /// Errors, each with the template's name: those of reading, of opening sealed files
  /// (worker::open_model_bytes' rules: a plain file where a sealed one is configured is refused),
  /// and of PromptTemplate::parse; kInvalidArgument (a text with fewer than 80 letters cannot be
  /// told from chance in an answer).
  static base::Result<Templates> open(const std::vector<TemplateConfig>& configs);

  /// Puts the template that the request names into its messages; nothing when it names none.
  /// The request's original is cleared: it is not what is asked any more.
  /// Errors: kNotFound (no such template, or not for this tenant: which of the two is not told),
  /// kInvalidArgument (the field's shape, a variable, a message that may not stand beside it,
  /// log-probabilities), kTooLarge (a variable).
  [[nodiscard]] base::Result<std::optional<TemplateUse>> apply(std::string_view tenant,
                                                               chat::Request& request) const;

 private:
  struct Opened {
    TemplateConfig config;
    vault::PromptTemplate text;
    std::shared_ptr<const vault::EgressPatterns> patterns;
  };
  [[nodiscard]] const Opened* find(std::string_view asked, std::string_view tenant) const;
  std::vector<Opened> opened_;
};

}  // namespace nearside::gateway
