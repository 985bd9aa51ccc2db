// Structured output: a JSON schema, regular expression or GBNF grammar as masks over a vocabulary.
//
//   auto lexicon = TRY(Lexicon::create(tokenizer));             // once a model
//   auto constraint = TRY(Constraint::compile({Spec::Kind::kJsonSchema, schema}, lexicon));
//   Matcher matcher(constraint);                                 // one a sequence
//   TRY(matcher.fill_mask(bits));                                // before sampling
//   matcher.accept(token);                                       // after sampling
//
// Everything becomes one form (rules.h): rules over terminals that are regular languages of bytes
// (expression.h), run by an automaton that is determinised while it is used (automaton.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "grammar/lexicon.h"

namespace nearside::grammar {

/// Longest schema, expression or grammar text. Real ones have up to some hundred kilobytes.
inline constexpr std::size_t kSpecBytesMax = 2U << 20;

/// What an answer has to be.
struct Spec {
  enum class Kind {
    kJsonObject,  // any JSON object; `text` is not read
    kJsonSchema,  // see json_schema.h for what is supported
    kRegex,       // the whole answer matches; see regex.h for the syntax
    kGbnf,        // llama.cpp's grammar format, rule `root`; see gbnf.h
  };
  Kind kind = Kind::kJsonObject;
  std::string text;
};

class Automaton;
struct Grammar;

/// A compiled Spec. Immutable to its users and thread-safe; share one between all requests with
/// the same spec, because masks and states once computed are kept
/// in it (a few hundred KB for most schemas; masks up to 32 MB, states up to about 60 MB).
class Constraint {
 public:
  /// Errors: kInvalidArgument (the text is malformed; says where), kUnsupported (names the keyword
  /// or construct), kTooLarge (past a bound of size, nesting or compile effort, named).
  static base::Result<std::shared_ptr<Constraint>> compile(const Spec& spec,
                                                           std::shared_ptr<const Lexicon> lexicon);
  ~Constraint();
  Constraint(const Constraint&) = delete;
  Constraint& operator=(const Constraint&) = delete;

  [[nodiscard]] const Lexicon& lexicon() const;

 private:
  friend class Matcher;
  explicit Constraint(std::unique_ptr<const Grammar> grammar,
                      std::shared_ptr<const Lexicon> lexicon);
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

/// Where one sequence stands in its constraint. Not thread-safe; several matchers of one constraint
/// may be used from several threads.
class Matcher {
 public:
  explicit Matcher(std::shared_ptr<Constraint> constraint);

  /// Sets bit t of `bits` (token t is bit t % 32 of word t / 32) where token t may come next, and
  /// clears all others; tokens that end an answer may come when may_end(). Never all zero unless an
  /// end is all that is possible and the vocabulary has no such token.
  /// REQUIRES: bits.size() == lexicon().mask_words().
  /// Errors: kTooLarge (the constraint is too ambiguous to follow; the matcher is of no more use).
  base::Status fill_mask(std::span<std::uint32_t> bits);

  /// Takes a token; false (and nothing changed) where the constraint forbids it. A token that ends
  /// an answer is taken where may_end().
  bool accept(text::TokenId token);

  /// Whether the answer is complete as it is.
  [[nodiscard]] bool may_end() const;
  /// Whether it is complete and nothing may follow.
  [[nodiscard]] bool must_end();

  /// Takes back the last `tokens` accepted ones. REQUIRES: tokens <= accepted().
  void rollback(std::size_t tokens);
  [[nodiscard]] std::size_t accepted() const { return tokens_.size(); }

  /// The bytes that have to come next whatever is sampled ("" where there is a choice), at most
  /// `bytes_max`. For speculation: encode them and let the model confirm. It may end inside a UTF-8
  /// character.
  [[nodiscard]] std::string forced_text(std::size_t bytes_max = 256);

 private:
  /// Goes on in a fresh automaton when the shared one has grown past its bounds.
  void renew();

  std::shared_ptr<Constraint> constraint_;
  std::shared_ptr<Automaton> automaton_;
  std::vector<text::TokenId> tokens_;
  std::vector<std::uint32_t> states_;  // states_[i]: after the first i tokens
  std::size_t renewed_at_ = 0;         // tokens accepted when renew() last did something
};

}  // namespace nearside::grammar
