#include "gateway/answer_watch.h"

#include <algorithm>

#include "base/check.h"
#include "base/json_writer.h"
#include "gateway/answer_collector.h"
#include "policy/document.h"

namespace nearside::gateway {

using base::Code;
using base::fail;

AnswerWatch::AnswerWatch(const policy::Labeler& labeler, ConversationTrail trail,
                         policy::Taint asked)
    : labeler_(&labeler), trail_(std::move(trail)), taint_(std::move(asked)) {}

void AnswerWatch::take(const policy::StreamLabeler::Piece& piece) {
  findings_count_ += piece.findings.size();
  for (const policy::Finding& finding : piece.findings) {
    const auto at = std::lower_bound(found_by_.begin(), found_by_.end(), finding.detector);
    if (at == found_by_.end() || *at != finding.detector) found_by_.insert(at, finding.detector);
  }
}

base::Status AnswerWatch::read(std::pair<std::uint32_t, bool> which, std::string_view text) {
  if (which.first >= kChoicesMax)
    return fail(Code::kCorrupt, "the answer has a choice of number {}", which.first);
  Text& to = texts_.try_emplace(which, *labeler_).first->second;
  to.unread += text;
  if (to.unread.size() < kReadBytes) return {};
  take(TRY(to.labeler.push(to.unread)));
  to.unread.clear();
  return {};
}

base::Status AnswerWatch::see(const chat::Event& event) {
  if (const auto* text = std::get_if<chat::TextDelta>(&event)) {
    TRY(read({text->choice, false}, text->text));
    sayings_[text->choice].add_text(text->text);
  } else if (const auto* thought = std::get_if<chat::ReasoningDelta>(&event)) {
    TRY(read({thought->choice, true}, thought->text));
  } else if (const auto* calls = std::get_if<chat::ToolCallDelta>(&event)) {
    calls_bytes_ += calls->tool_calls_json.size();
    if (calls->choice >= kChoicesMax || calls_bytes_ > kWholeAnswerBytesMax)
      return fail(Code::kCorrupt,
                  "the answer's tool calls are larger than {} bytes, or of choice "
                  "{}",
                  kWholeAnswerBytesMax, calls->choice);
    TRY(calls_[calls->choice].add(calls->tool_calls_json));
  }
  return {};
}

base::Status AnswerWatch::see_whole(const WholeAnswer& answer) {
  for (std::uint32_t i = 0; i < answer.choices.size(); ++i) {
    const WholeChoice& choice = answer.choices[i];
    chat::TextDelta text;
    text.text = choice.text;
    text.choice = i;
    TRY(see(text));
    chat::ReasoningDelta thought;
    thought.text = choice.reasoning;
    thought.choice = i;
    TRY(see(thought));
    base::json::array calls = choice.tool_calls;
    for (std::size_t at = 0; at < calls.size(); ++at) calls[at].get_object()["index"] = at;
    TRY(see(chat::ToolCallDelta{base::json::serialize(calls), i}));
  }
  return {};
}

void AnswerWatch::begin_again() {
  texts_.clear();
  sayings_.clear();
  calls_.clear();
  found_by_.clear();
  calls_bytes_ = findings_count_ = 0;
}

base::Status AnswerWatch::read_calls() {
  for (auto& [choice, assembler] : calls_) {
    const base::json::array calls = assembler.take();
    sayings_[choice].add_calls(calls);
    // As a message of a request, so that arguments are read decoded.
    chat::Request said;
    said.messages = {base::json::object{{"role", "assistant"}, {"tool_calls", calls}}};
    const policy::Label label = TRY(labeler_->label(policy::Conversation::of(said)));
    policy::Taint both{policy::Sensitivity::kPublic, found_by_};
    both.merge(policy::taint_of(label));
    found_by_ = std::move(both.detectors);
    findings_count_ += label.findings_count;
  }
  return {};
}

base::Result<policy::Label> AnswerWatch::end(base::SteadyTime now) {
  const auto finish = [this]() -> base::Status {
    for (auto& [which, text] : texts_) {
      take(TRY(text.labeler.push(text.unread)));
      take(TRY(text.labeler.finish()));
    }
    return read_calls();
  };
  const base::Status read = finish();
  policy::LabelContext context;
  const policy::Taint found{policy::Sensitivity::kPublic, found_by_};
  context.earlier = &found;
  base::Result<policy::Label> label =
      read ? labeler_->label(policy::Conversation::of(std::string_view()), context) : read.error();
  taint_.merge(label ? found : policy::Taint{policy::Sensitivity::kRestricted, {}});
  std::vector<Saying> choices;
  for (auto& [choice, saying] : sayings_) choices.push_back(std::move(saying));
  trail_.remember_answered(choices, taint_, now);
  if (label) label->findings_count = findings_count_;
  return label;
}

void add_answer_label(telemetry::Record& record, const policy::Label& label) {
  record.answer_sensitivity = policy::sensitivity_name(label.sensitivity);
  base::JsonWriter answer;
  answer.begin_object().member("sensitivity", record.answer_sensitivity);
  answer.member("categories", label.categories).member("findings_count", label.findings_count);
  answer.end_object();
  // We wrote that object; reading it again would cost more than all else here.
  CHECK(record.decision_json.ends_with("}"));
  record.decision_json.pop_back();
  record.decision_json += ",\"answer\":" + std::move(answer).text() + "}";
}

}  // namespace nearside::gateway
