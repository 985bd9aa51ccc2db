#include "grammar/lexicon.h"

#include <algorithm>

namespace nearside::grammar {

base::Result<std::shared_ptr<const Lexicon>> Lexicon::create(const text::Tokenizer& tokenizer) {
  std::vector<std::string> bytes(tokenizer.size());
  std::vector<text::TokenId> ends;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto token = static_cast<text::TokenId>(i);
    if (tokenizer.ends_generation(token))
      ends.push_back(token);
    else
      bytes[i] = tokenizer.decode(token);
  }
  return create(std::move(bytes), ends);
}

base::Result<std::shared_ptr<const Lexicon>> Lexicon::create(
    std::vector<std::string> bytes, const std::vector<text::TokenId>& end_tokens) {
  const std::shared_ptr<Lexicon> lexicon(new Lexicon);
  lexicon->bytes_ = std::move(bytes);
  lexicon->end_tokens_ = end_tokens;
  lexicon->ends_.resize(lexicon->bytes_.size());
  for (const text::TokenId token : end_tokens)
    lexicon->ends_[static_cast<std::size_t>(token)] = true;
  std::vector<TokenTrie::Entry> entries;
  for (std::size_t i = 0; i < lexicon->bytes_.size(); ++i)
    if (!lexicon->bytes_[i].empty() && !lexicon->ends_[i])
      entries.emplace_back(lexicon->bytes_[i], static_cast<text::TokenId>(i));
  if (entries.empty())
    return base::fail(base::Code::kUnsupported, "no token of the vocabulary stands for any text");
  lexicon->trie_ = TokenTrie(std::move(entries));

  JsonText& json = lexicon->json_;
  const TokenView view{lexicon->trie_, lexicon->bytes_};
  for (const Expr state : json.states) {
    if (lexicon->shared_masks_.size() <= state)
      lexicon->shared_masks_.resize(state + std::size_t{1});
    lexicon->shared_masks_[state] = std::make_unique<StateMask>(
        make_state_mask(json.pool, state, view, ByteSet::range(0, 255)));
  }
  lexicon->slices_ = StringSlices::make(json.pool, json.body, view);
  return std::shared_ptr<const Lexicon>(lexicon);
}

std::string_view Lexicon::bytes(text::TokenId token) const {
  const auto index = static_cast<std::size_t>(token);
  return token < 0 || index >= bytes_.size() ? std::string_view() : bytes_[index];
}

bool Lexicon::ends_answer(text::TokenId token) const {
  const auto index = static_cast<std::size_t>(token);
  return token >= 0 && index < ends_.size() && ends_[index];
}

const StateMask* Lexicon::shared_mask(Expr state) const {
  return state < shared_masks_.size() ? shared_masks_[state].get() : nullptr;
}

}  // namespace nearside::grammar
