#include "engine/constraints.h"

#include <algorithm>

namespace nearside::engine {

using base::Result;
using chat::AnswerFormat;
using grammar::Constraint;
using grammar::Spec;

namespace {

Spec spec_of(const AnswerFormat& format) {
  switch (format.kind) {
    case AnswerFormat::Kind::kJsonSchema:
      return {Spec::Kind::kJsonSchema, format.text};
    case AnswerFormat::Kind::kRegex:
      return {Spec::Kind::kRegex, format.text};
    case AnswerFormat::Kind::kGrammar:
      return {Spec::Kind::kGbnf, format.text};
    case AnswerFormat::Kind::kText:
    case AnswerFormat::Kind::kJsonObject:
      break;
  }
  return {Spec::Kind::kJsonObject, ""};
}

}  // namespace

Result<std::shared_ptr<Constraint>> Constraints::compile(const AnswerFormat& format) {
  if (format.kind == AnswerFormat::Kind::kText) return std::shared_ptr<Constraint>();
  Spec spec = spec_of(format);
  Key key(spec.kind, spec.text);
  const auto found = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const auto& entry) { return entry.first == key; });
  if (found != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, found);
    return kept_.front().second;
  }
  if (lexicon_ == nullptr) lexicon_ = TRY(grammar::Lexicon::create(tokenizer_));
  std::shared_ptr<Constraint> compiled = TRY(Constraint::compile(spec, lexicon_));
  kept_.emplace_front(std::move(key), compiled);
  if (kept_.size() > kKeptMax) kept_.pop_back();
  return compiled;
}

}  // namespace nearside::engine
