#include "gateway/verdict.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "gateway/schema_check.h"

namespace nearside::gateway {

namespace {

using Kind = chat::AnswerFormat::Kind;

/// Lower case in ASCII, typographic apostrophes as plain ones.
std::string plain(std::string_view text) {
  constexpr std::string_view kApostrophe = "\xe2\x80\x99";
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (text.substr(i).starts_with(kApostrophe)) {
      out += '\'';
      i += kApostrophe.size() - 1;
    } else {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
  }
  return out;
}

bool is_refusal(std::string_view text) {
  if (text.size() > kRefusalBytesMax) return false;
  constexpr std::array<std::string_view, 5> kOpenings = {
      "i'm sorry, but ", "i am sorry, but ", "sorry, but ", "unfortunately, ", "i apologize, but "};
  constexpr std::array<std::string_view, 18> kRefusals = {
      "i can't ",
      "i cannot ",
      "i can not ",
      "i'm unable to ",
      "i am unable to ",
      "i'm not able to ",
      "i am not able to ",
      "i won't be able to ",
      "as an ai",
      "i don't have access ",
      "i do not have access ",
      "i must decline",
      "es tut mir leid, aber ich kann ",
      "tut mir leid, aber ich kann ",
      "leider kann ich ",
      "ich kann dir dabei nicht ",
      "ich kann ihnen dabei nicht ",
      "das kann ich leider nicht",
  };
  const std::string all = plain(text);
  std::string_view rest = all;
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \n\t")));
  for (const std::string_view opening : kOpenings)
    if (rest.starts_with(opening)) {
      rest.remove_prefix(opening.size());
      break;
    }
  return std::any_of(kRefusals.begin(), kRefusals.end(),
                     [&](std::string_view refusal) { return rest.starts_with(refusal); });
}

bool keeps_format(std::string_view text, const chat::AnswerFormat& format) {
  if (format.kind != Kind::kJsonObject && format.kind != Kind::kJsonSchema) return true;
  const auto value = base::parse_json(text);
  if (!value) return false;
  if (format.kind == Kind::kJsonObject) return value->is_object();
  const auto schema = base::parse_json(format.text);
  return !schema || !schema_violation(*schema, *value);
}

}  // namespace

std::optional<std::string_view> failed_because(const WholeAnswer& answer,
                                               const chat::AnswerFormat& format,
                                               const policy::Cascade& cascade) {
  const WholeChoice& choice = answer.choices.front();
  if (choice.reason == chat::FinishReason::kContentFilter) return "answer_refused";
  // Tool calls are an answer whatever text stands beside them.
  if (choice.tool_calls.empty()) {
    if (choice.text.find_first_not_of(" \n\t\r") == std::string::npos) return "answer_empty";
    if (!keeps_format(choice.text, format)) return "answer_off_schema";
    if (is_refusal(choice.text)) return "answer_refused";
  }
  if (cascade.logprob_mean_min && !choice.logprobs.empty()) {
    double sum = 0;
    for (const chat::TokenLogprob& token : choice.logprobs) sum += token.logprob;
    if (sum / static_cast<double>(choice.logprobs.size()) < *cascade.logprob_mean_min)
      return "answer_unsure";
  }
  return std::nullopt;
}

}  // namespace nearside::gateway
