#include "grammar/constraint.h"

#include <algorithm>
#include <mutex>

#include "base/check.h"
#include "base/utf8.h"
#include "grammar/automaton.h"
#include "grammar/gbnf.h"
#include "grammar/json_schema.h"
#include "grammar/regex.h"
#include "grammar/rules.h"

namespace nearside::grammar {

namespace {

/// About 0.3 s of work on expressions; real schemas need a thousandth of it.
constexpr std::uint64_t kCompileEffort = 30'000'000;

base::Status add_rules(const Spec& spec, const JsonText& json, Grammar& grammar) {
  switch (spec.kind) {
    case Spec::Kind::kJsonObject:
      return add_json_schema(R"({"type":"object"})", json, grammar);
    case Spec::Kind::kJsonSchema:
      return add_json_schema(spec.text, json, grammar);
    case Spec::Kind::kGbnf:
      return add_gbnf(spec.text, grammar);
    case Spec::Kind::kRegex: {
      const RegexNode regex = TRY(parse_regex(spec.text, RegexUse::kWhole));
      grammar.root = grammar.terminal(to_expression(regex, RegexText::kPlain, grammar.pool));
      return {};
    }
  }
  return base::fail(base::Code::kInternal, "unknown kind of constraint");
}

}  // namespace

struct Constraint::Shared {
  std::unique_ptr<const Grammar> grammar;
  std::shared_ptr<const Lexicon> lexicon;
  std::mutex mutex;  // guards what follows, and every use of an automaton
  // Shared: matchers go on with the one they began with when a fresh one takes its place.
  std::shared_ptr<Automaton> automaton;
};

Constraint::Constraint(std::unique_ptr<const Grammar> grammar,
                       std::shared_ptr<const Lexicon> lexicon)
    : shared_(std::make_unique<Shared>()) {
  shared_->grammar = std::move(grammar);
  shared_->lexicon = std::move(lexicon);
  shared_->automaton = std::make_shared<Automaton>(*shared_->grammar, *shared_->lexicon);
}

Constraint::~Constraint() = default;

const Lexicon& Constraint::lexicon() const { return *shared_->lexicon; }

base::Result<std::shared_ptr<Constraint>> Constraint::compile(
    const Spec& spec, std::shared_ptr<const Lexicon> lexicon) {
  if (spec.text.size() > kSpecBytesMax)
    return base::fail(base::Code::kTooLarge, "the constraint has {} bytes, more than {}",
                      spec.text.size(), kSpecBytesMax);
  if (!base::is_valid_utf8(spec.text))  // errors quote it
    return base::fail(base::Code::kInvalidArgument, "the constraint is not UTF-8");
  auto grammar = std::make_unique<Grammar>(lexicon->json().pool);
  grammar->pool.set_effort(kCompileEffort);
  TRY(add_rules(spec, lexicon->json(), *grammar));
  const bool possible = grammar->prune();
  if (grammar->pool.exhausted())
    return base::fail(base::Code::kTooLarge,
                      "the constraint takes too much work to compile; use fewer alternatives, "
                      "smaller counts or fewer patterns on one value");
  if (!possible)
    return base::fail(base::Code::kInvalidArgument,
                      "no text can meet the constraint: parts of it contradict each other");
  return std::shared_ptr<Constraint>(new Constraint(std::move(grammar), std::move(lexicon)));
}

Matcher::Matcher(std::shared_ptr<Constraint> constraint) : constraint_(std::move(constraint)) {
  const std::lock_guard lock(constraint_->shared_->mutex);
  automaton_ = constraint_->shared_->automaton;
  states_.push_back(automaton_->start());
}

void Matcher::renew() {
  // Replaying costs as much as all tokens so far: it must not happen again before they have
  // doubled.
  const bool due = automaton_->full() && tokens_.size() >= 2 * renewed_at_;
  if (!due && !automaton_->exhausted()) return;
  renewed_at_ = tokens_.size() + 1;
  Constraint::Shared& shared = *constraint_->shared_;
  if (shared.automaton == automaton_)
    shared.automaton = std::make_shared<Automaton>(*shared.grammar, *shared.lexicon);
  automaton_ = shared.automaton;
  StateId state = automaton_->start();
  states_.assign(1, state);
  for (const text::TokenId token : tokens_) {
    automaton_->refill();
    if (!shared.lexicon->ends_answer(token))
      state = automaton_->step(state, shared.lexicon->bytes(token));
    states_.push_back(state);
  }
}

base::Status Matcher::fill_mask(std::span<std::uint32_t> bits) {
  CHECK(bits.size() == constraint_->lexicon().mask_words());
  const std::lock_guard lock(constraint_->shared_->mutex);
  renew();
  automaton_->refill();
  automaton_->fill_mask(states_.back(), bits);
  if (automaton_->exhausted())
    return base::fail(base::Code::kTooLarge,
                      "the constraint has too many readings of this answer to follow them all; "
                      "make its alternatives differ earlier");
  return {};
}

bool Matcher::accept(text::TokenId token) {
  const std::lock_guard lock(constraint_->shared_->mutex);
  const Lexicon& lexicon = constraint_->lexicon();
  if (lexicon.ends_answer(token)) {
    if (!automaton_->accepting(states_.back())) return false;
    tokens_.push_back(token);
    states_.push_back(states_.back());
    return true;
  }
  const std::string_view bytes = lexicon.bytes(token);
  if (bytes.empty()) return false;
  renew();
  automaton_->refill();
  const StateId next = automaton_->step(states_.back(), bytes);
  if (next == Automaton::kDead) return false;
  tokens_.push_back(token);
  states_.push_back(next);
  return true;
}

bool Matcher::may_end() const {
  const std::lock_guard lock(constraint_->shared_->mutex);
  return automaton_->accepting(states_.back());
}

bool Matcher::must_end() {
  const std::lock_guard lock(constraint_->shared_->mutex);
  return automaton_->accepting(states_.back()) && automaton_->final(states_.back());
}

void Matcher::rollback(std::size_t tokens) {
  CHECK(tokens <= tokens_.size());
  tokens_.resize(tokens_.size() - tokens);
  states_.resize(tokens_.size() + 1);
}

std::string Matcher::forced_text(std::size_t bytes_max) {
  const std::lock_guard lock(constraint_->shared_->mutex);
  std::string text;
  StateId state = states_.back();
  automaton_->refill();
  while (text.size() < bytes_max) {
    const int byte = automaton_->only_byte(state);
    if (byte < 0) break;
    text += static_cast<char>(byte);
    state = automaton_->step(state, static_cast<std::uint8_t>(byte));
  }
  return text;
}

}  // namespace nearside::grammar
