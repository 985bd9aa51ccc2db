// Compiled answer formats of one model, kept for the requests that bring the same one again.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "chat/request.h"
#include "grammar/constraint.h"
#include "text/tokenizer.h"

namespace nearside::engine {

/// Not thread-safe. The first format prepares the vocabulary, which takes some 100 ms.
class Constraints {
 public:
  /// Clients use a handful of formats over and over; each keeps up to about 32 MB of masks.
  static constexpr std::size_t kKeptMax = 16;

  /// Borrows the tokenizer.
  explicit Constraints(const text::Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

  /// Null for plain text. Errors: grammar::Constraint::compile's.
  base::Result<std::shared_ptr<grammar::Constraint>> compile(const chat::AnswerFormat& format);

 private:
  using Key = std::pair<grammar::Spec::Kind, std::string>;

  const text::Tokenizer& tokenizer_;
  std::shared_ptr<const grammar::Lexicon> lexicon_;                       // null until needed
  std::list<std::pair<Key, std::shared_ptr<grammar::Constraint>>> kept_;  // most recent first
};

}  // namespace nearside::engine
