#include "gateway/pseudonymised_call.h"

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "base/json.h"
#include "policy/pseudonyms/hidden_request.h"
#include "policy/pseudonyms/stream_restorer.h"

namespace nearside::gateway {
namespace {

namespace json = base::json;
using policy::StreamRestorer;

/// Puts values back into the events of one call.
class Restoration {
 public:
  Restoration(std::shared_ptr<const policy::PseudonymTable> table,
              StreamRestorer::Spelling spelling, chat::Sink sink)
      : table_(std::move(table)), spelling_(spelling), sink_(std::move(sink)) {}

  void take(chat::Event event) {
    if (auto* text = std::get_if<chat::TextDelta>(&event)) {
      text->text = restorer({Kind::kText, text->choice, 0}).push(text->text);
      if (!text->text.empty()) sink_(std::move(event));
    } else if (auto* thought = std::get_if<chat::ReasoningDelta>(&event)) {
      thought->text = restorer({Kind::kThought, thought->choice, 0}).push(thought->text);
      if (!thought->text.empty() || !thought->signature.empty()) sink_(std::move(event));
    } else if (auto* calls = std::get_if<chat::ToolCallDelta>(&event)) {
      restore(*calls);
      sink_(std::move(event));
    } else if (const auto* ended = std::get_if<chat::ChoiceEnded>(&event)) {
      flush(ended->choice);
      sink_(std::move(event));
    } else if (auto* finished = std::get_if<chat::Finished>(&event)) {
      while (!restorers_.empty()) flush(std::get<1>(restorers_.begin()->first));
      StreamRestorer whole(*table_);
      finished->stop_sequence = whole.push(finished->stop_sequence) + whole.finish();
      sink_(std::move(event));
    } else {
      sink_(std::move(event));
    }
  }

 private:
  enum class Kind { kText, kThought, kArguments, kInput };
  using Place = std::tuple<Kind, std::uint32_t, std::size_t>;  // choice, index of the tool call

  StreamRestorer& restorer(const Place& place) {
    const Kind kind = std::get<0>(place);
    const auto spelling = kind == Kind::kArguments ? StreamRestorer::Spelling::kJson
                          : kind == Kind::kText    ? spelling_
                                                   : StreamRestorer::Spelling::kPlain;
    return restorers_.try_emplace(place, *table_, spelling).first->second;
  }

  void restore(chat::ToolCallDelta& delta) {
    auto parsed = base::parse_json(delta.tool_calls_json);
    if (!parsed || !parsed->is_array()) return;  // whoever puts calls together refuses it
    for (json::value& value : parsed->get_array()) {
      json::object* call = value.if_object();
      if (call == nullptr) continue;
      const json::value* given = call->if_contains("index");
      const bool numbered = given != nullptr && given->is_int64() && given->get_int64() >= 0;
      const std::size_t index = numbered ? static_cast<std::size_t>(given->get_int64()) : 0;
      restore_part(*call, "function", "arguments", {Kind::kArguments, delta.choice, index},
                   numbered);
      restore_part(*call, "custom", "input", {Kind::kInput, delta.choice, index}, numbered);
    }
    delta.tool_calls_json = json::serialize(*parsed);
  }

  void restore_part(json::object& call, std::string_view outer, std::string_view inner,
                    const Place& place, bool goes_on) {
    json::value* part = call.if_contains(outer);
    if (part == nullptr || !part->is_object()) return;
    json::value* text = part->get_object().if_contains(inner);
    if (text == nullptr || !text->is_string()) return;
    StreamRestorer& to = restorer(place);
    std::string restored = to.push(std::string_view(text->get_string()));
    if (!goes_on) restored += to.finish();
    *text = restored;
  }

  /// What a choice still holds back.
  void flush(std::uint32_t choice) {
    for (auto at = restorers_.begin(); at != restorers_.end();) {
      if (std::get<1>(at->first) != choice) {
        ++at;
        continue;
      }
      const std::string rest = at->second.finish();
      if (!rest.empty()) say(at->first, rest);
      at = restorers_.erase(at);
    }
  }

  void say(const Place& place, const std::string& rest) {
    const auto& [kind, choice, index] = place;
    if (kind == Kind::kText) {
      chat::TextDelta text;
      text.text = rest;
      text.choice = choice;
      return sink_(std::move(text));
    }
    if (kind == Kind::kThought) {
      chat::ReasoningDelta thought;
      thought.text = rest;
      thought.choice = choice;
      return sink_(std::move(thought));
    }
    const bool function = kind == Kind::kArguments;
    json::object part;
    part[function ? "arguments" : "input"] = rest;
    json::object call;
    call["index"] = index;
    call[function ? "function" : "custom"] = std::move(part);
    json::array calls;
    calls.push_back(std::move(call));
    sink_(chat::ToolCallDelta{json::serialize(calls), choice});
  }

  const std::shared_ptr<const policy::PseudonymTable> table_;
  const StreamRestorer::Spelling spelling_;
  const chat::Sink sink_;
  std::map<Place, StreamRestorer> restorers_;
};

}  // namespace

std::unique_ptr<chat::Call> start_pseudonymised(chat::Backend& backend,
                                                const policy::Labeler& labeler,
                                                const policy::PseudonymRule& rule,
                                                chat::Request request, chat::Sink sink) {
  const bool is_json = request.format.kind == chat::AnswerFormat::Kind::kJsonObject ||
                       request.format.kind == chat::AnswerFormat::Kind::kJsonSchema;
  auto hidden = policy::hide(labeler, rule, std::move(request));
  if (!hidden) {
    sink(chat::Failed{std::move(hidden).error(), {}});
    return nullptr;
  }
  // Shared: the backend keeps the sink, which is all that needs it, as long as it answers.
  const auto restoration = std::make_shared<Restoration>(
      std::move(hidden->table),
      is_json ? StreamRestorer::Spelling::kJson : StreamRestorer::Spelling::kPlain,
      std::move(sink));
  return backend.start(std::move(hidden->request),
                       [restoration](chat::Event event) { restoration->take(std::move(event)); });
}

}  // namespace nearside::gateway
