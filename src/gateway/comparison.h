// Two answers to one request, compared: what can be learned of the targets that gave them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "chat/request.h"
#include "gateway/dialect.h"

namespace nearside::gateway {

/// How good each answer was, 0 to 1, as far as it can be told.
struct Comparison {
  std::string_view outcome;
  std::optional<double> first, second;

  [[nodiscard]] bool decided() const { return first && second; }
};

/// By what can be seen of the answers alone, see verdict.h; and "answer_unfinished" of one that ran
/// into its bound where the other did not. Outcomes:
///   "both_failed", "first_failed", "second_failed"  bad is what failed, good what did not
///   "agreed"   they say the same (same_answer), so both are good
///   "differed" nothing can be told: whoever learned from that would learn to agree
Comparison compare(const WholeAnswer& first, const WholeAnswer& second,
                   const chat::AnswerFormat& format, std::optional<double> logprob_mean_min);

/// The same calls of the same tools with equal arguments, or the same text: equal JSON where both
/// are JSON, else equal letters and digits in order, without regard to case.
bool same_answer(const WholeChoice& one, const WholeChoice& other);

/// Asks a model which of two answers is better. Holds the end of the conversation, at most
/// kJudgedBytesMax of it and of each answer.
chat::Request judge_request(const chat::Request& request, const WholeAnswer& a,
                            const WholeAnswer& b);
inline constexpr std::size_t kJudgedBytesMax = std::size_t{16} << 10;
inline constexpr std::uint32_t kVerdictTokensMax = 512;

/// What the judge said, with `a` as first: "judged" with figures, or "differed" when it said
/// nothing that can be read.
Comparison read_verdict(std::string_view text);

}  // namespace nearside::gateway
