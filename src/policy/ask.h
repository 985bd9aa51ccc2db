// What a decision has to know of a request, besides its text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "chat/request.h"
#include "policy/document.h"
#include "policy/label.h"

namespace nearside::policy {

/// `realtime`: time to first token before cost. `batch`: cost alone, latency wishes do not count.
using chat::Priority;

std::string_view priority_name(Priority priority);
std::optional<Priority> parse_priority(std::string_view name);

struct Ask {
  Label label;
  std::string model = "auto";  // "auto", a route's name, or "place/name"
  std::string tenant;          // of the key; "" for anonymous
  Regions tenant_regions;
  std::string language;  // ISO 639-1, "" when unknown
  std::size_t prompt_tokens = 0;
  std::size_t completion_tokens = kCompletionTokensGuess;  // expected, or the caller's maximum
  std::optional<std::size_t> completion_tokens_max;        // the caller's, if any
  Priority priority = Priority::kNormal;
  std::optional<double> deadline_ms;
  std::optional<double> cost_max_usd;
  /// What only a full server of the dialect can do ("tools", "images"); "" for what every target
  /// can.
  std::string upstream_only;
  /// The quality model's chance of a good answer by target name, where it has judged answers of the
  /// target: before the target's own prior. See quality/quality_model.h.
  std::map<std::string, double> good_predicted;

  /// How sensitive the request is once its personal values are placeholders; empty where they
  /// cannot be replaced. See pseudonyms/consider.h.
  std::optional<Sensitivity> sensitivity_hidden;

  bool streamed = false;
  /// Whether its answer says something of itself: one text or tool call. Not so for embeddings and
  /// for several choices.
  bool answers_judgeable = false;
  /// The target whose tool calls this request answers: it goes on there if it may. "": none.
  std::string tools_called_by;

  /// Answers whose length nobody limited are priced at this length. Source: median output of the
  /// public Azure 2023 conversation trace (129 tokens), rounded.
  static constexpr std::size_t kCompletionTokensGuess = 128;
};

/// An estimate from the text alone, for targets whose tokenizer is not here: bytes / 4 for English,
/// bytes / 3 otherwise, plus 4 for each text (role markers).
std::size_t estimate_tokens(const Conversation& conversation, std::string_view language);

/// Fills label, language and token figures of an Ask; the caller sets the rest.
Ask make_ask(const Conversation& conversation, Label label,
             std::optional<std::size_t> completion_tokens_max);

}  // namespace nearside::policy
