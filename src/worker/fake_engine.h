// An engine for tests that does what the prompt says.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>

#include "engine/engine.h"

namespace nearside::worker {

/// Prompts (kCompletion):
///   "say TEXT"     one piece a character, then Finished
///   "wait"         nothing, until cancelled
///   "begin"        a piece "begun", then as "wait"
///   "watch"        a piece "cancelled" for each other request that is cancelled
///   "refuse"       submit() fails with kContextLength
///   "adapters"     the names and files of the adapters, "draft" behind them if there is one
///   "hang"         as "wait", but step() never returns
///   "broken text"  a piece that is not UTF-8
class FakeEngine final : public engine::Engine {
 public:
  explicit FakeEngine(std::string name) {
    info_.name = std::move(name);
    info_.architecture = "fake";
    info_.context_tokens_max = 128;
    info_.has_chat_template = true;
  }

  [[nodiscard]] const engine::ModelInfo& info() const override { return info_; }

  base::Status add_adapter(const std::string& name, base::MappedFile file) override {
    const auto bytes = file.bytes();
    adapters_ +=
        name + "=" + std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  base::Status set_draft(base::MappedFile file) override {
    const auto bytes = file.bytes();
    adapters_ +=
        std::string("draft=").append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }

  base::Status submit(engine::RequestId id, const chat::Request& request) override {
    if (request.prompt == "refuse")
      return base::fail(base::Code::kContextLength, "the prompt has 129 tokens, more than the 128");
    running_[id] = request.prompt;
    if (request.prompt.starts_with("say ")) saying_.emplace_back(id, request.prompt.substr(4));
    if (request.prompt == "broken text") once_.emplace_back(id, "\xFF");
    if (request.prompt == "adapters") once_.emplace_back(id, adapters_);
    if (request.prompt == "begin") once_.emplace_back(id, "begun");
    return {};
  }

  void cancel(engine::RequestId id) override {
    if (running_.erase(id) == 0) return;
    cancelled.push_back(id);
    ++cancellations_to_tell_;
  }

  bool step(const Sink& sink) override {
    const bool worked = !saying_.empty() || !once_.empty() || cancellations_to_tell_ > 0;
    for (const auto& [id, prompt] : running_)
      while (prompt == "hang") ::poll(nullptr, 0, -1);
    for (; cancellations_to_tell_ > 0; --cancellations_to_tell_)
      for (const auto& [id, prompt] : running_)
        if (prompt == "watch") sink(id, chat::TextDelta{"cancelled"});
    for (const auto& [id, text] : std::exchange(once_, {})) sink(id, chat::TextDelta{text});
    for (auto& [id, text] : saying_) {
      sink(id, chat::TextDelta{text.substr(0, 1)});
      text.erase(0, 1);
      if (!text.empty()) continue;
      sink(id, chat::Finished{chat::FinishReason::kStop, {1, 2, 3, true}});
      running_.erase(id);
    }
    std::erase_if(saying_, [](const auto& said) { return said.second.empty(); });
    return worked;
  }

  std::vector<engine::RequestId> cancelled;  // in order

 private:
  engine::ModelInfo info_;
  std::map<engine::RequestId, std::string> running_;
  std::vector<std::pair<engine::RequestId, std::string>> saying_;
  std::vector<std::pair<engine::RequestId, std::string>> once_;
  int cancellations_to_tell_ = 0;
  std::string adapters_;
};

}  // namespace nearside::worker
