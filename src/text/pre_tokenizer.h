// Cuts text into words, as `tokenizer.ggml.pre` names it; BPE merges never cross a cut.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/split_rules.h"

namespace nearside::text {

/// What the name of a pre-tokenizer stands for.
struct PreTokenizer {
  std::vector<std::string_view> names;
  /// Passes: each cuts every piece of the one before; what a rule leaves between two matches is a
  /// piece too.
  std::vector<SplitRule> rules;
  /// A word that is a token as it stands becomes that token, whatever the merges would make of it.
  bool ignore_merges = false;
  /// Whether BOS is expected where the file does not say.
  bool add_bos = false;

  /// Calls `word` with each piece of `text` in order; together they are `text`.
  /// REQUIRES: `text` is valid UTF-8.
  void split(std::string_view text, const std::function<void(std::string_view)>& word) const;
};

/// The list: a new one is one line in pre_tokenizer.cc. Lives for ever.
/// Errors: kUnsupported (a name we do not know).
base::Result<const PreTokenizer*> find_pre_tokenizer(std::string_view name);

}  // namespace nearside::text
