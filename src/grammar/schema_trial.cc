#include "grammar/schema_trial.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include <fmt/format.h>

#include "grammar/json_instance.h"

namespace nearside::grammar {

namespace {

constexpr std::size_t kRecordDepthMax = 200;

class Trial {
 public:
  Trial(const text::Tokenizer& tokenizer, std::shared_ptr<Constraint> constraint,
        const base::Clock& clock, SchemaTally& tally)
      : tokenizer_(tokenizer),
        constraint_(std::move(constraint)),
        clock_(clock),
        tally_(tally),
        mask_(constraint_->lexicon().mask_words()) {}

  /// "" where the instance is accepted; else what was refused.
  std::string refusal(std::string_view text) {
    Matcher matcher(constraint_);
    std::size_t at = 0;
    for (const text::TokenId token : tokenizer_.encode(text)) {
      const base::SteadyTime start = clock_.steady();
      const base::Status filled = matcher.fill_mask(mask_);
      const std::chrono::duration<double, std::micro> elapsed = clock_.steady() - start;
      tally_.mask_us.push_back(elapsed.count());
      if (!filled) return filled.error().message;
      const auto index = static_cast<std::size_t>(token);
      const bool allowed = (mask_[index / 32] >> (index % 32) & 1) != 0;
      if (allowed != matcher.accept(token))
        return fmt::format("mask and step disagree at byte {}", at);
      if (!allowed) return fmt::format("refused at byte {}", at);
      at += constraint_->lexicon().bytes(token).size();
    }
    return matcher.may_end() ? "" : "may not end at its end";
  }

 private:
  const text::Tokenizer& tokenizer_;
  std::shared_ptr<Constraint> constraint_;
  const base::Clock& clock_;
  SchemaTally& tally_;
  std::vector<std::uint32_t> mask_;
};

}  // namespace

base::Status try_schema(std::string_view record, const text::Tokenizer& tokenizer,
                        const std::shared_ptr<const Lexicon>& lexicon, const base::Clock& clock,
                        SchemaTally& tally) {
  const base::json::value value = TRY(base::parse_json(record, kRecordDepthMax));
  const base::json::object* object = value.if_object();
  const base::json::value* schema = object ? object->if_contains("schema") : nullptr;
  const base::json::value* tests = object ? object->if_contains("tests") : nullptr;
  if (schema == nullptr || tests == nullptr || !tests->is_array())
    return base::fail(base::Code::kInvalidArgument,
                      "expected an object with \"schema\" and a list \"tests\"");
  const base::json::value* id = object->if_contains("id");
  const std::string name = id != nullptr && id->is_string() ? std::string(id->get_string()) : "?";
  const std::string text = base::json::serialize(*schema);
  ++tally.schemas;
  const base::SteadyTime start = clock.steady();
  base::Result<std::shared_ptr<Constraint>> constraint =
      Constraint::compile({Spec::Kind::kJsonSchema, text}, lexicon);
  const std::chrono::duration<double, std::micro> elapsed = clock.steady() - start;
  if (!constraint) {
    ++tally.refusals[constraint.error().message];
    return {};
  }
  ++tally.supported;
  tally.compile_us.push_back(elapsed.count());
  Trial trial(tokenizer, std::move(constraint).value(), clock, tally);
  std::size_t index = 0;
  for (const base::json::value& test : tests->get_array()) {
    ++index;
    const base::json::object* fields = test.if_object();
    const base::json::value* valid = fields ? fields->if_contains("valid") : nullptr;
    const base::json::value* data = fields ? fields->if_contains("data") : nullptr;
    if (valid == nullptr || !valid->is_bool() || data == nullptr)
      return base::fail(base::Code::kInvalidArgument,
                        "expected \"valid\" and \"data\" in every test");
    const std::string refusal = trial.refusal(json_instance(*data, JsonSpacing::kBlanks));
    ++(valid->get_bool() ? tally.valid : tally.invalid);
    if (refusal.empty()) ++(valid->get_bool() ? tally.valid_accepted : tally.invalid_accepted);
    if (refusal.empty() != valid->get_bool())
      tally.wrong.push_back(fmt::format("{} instance {}, {}: {}", name, index,
                                        valid->get_bool() ? "valid" : "invalid",
                                        refusal.empty() ? "accepted" : refusal));
  }
  return {};
}

double quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

double mean(const std::vector<double>& values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace nearside::grammar
