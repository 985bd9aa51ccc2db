// Keeps a model from reciting the template that it was given: one answer on its way out.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "chat/event.h"
#include "gateway/templates.h"
#include "vault/canary.h"
#include "vault/egress_filter.h"

namespace nearside::gateway {

/// Text, thoughts and the arguments of tool calls of one choice are read as one stream, so that a
/// copy cannot hide by changing between them. Events are held back until what they say is known to
/// be no copy, and go on in their order. Not thread-safe.
class EgressGuard {
 public:
  explicit EgressGuard(TemplateUse use) : use_(std::move(use)) {}

  /// What may go on now. Nothing after a leak.
  std::vector<chat::Event> pass(chat::Event event);
  [[nodiscard]] bool leaked() const { return leaked_; }
  [[nodiscard]] const std::string& template_name() const { return use_.name; }
  /// Another target begins the answer anew.
  void restart() { choices_.clear(); }

 private:
  struct Held {
    chat::Event event;
    std::size_t bytes = 0;  // of its text that the filter reads
  };
  struct Choice {
    vault::EgressFilter filter;
    vault::CanaryWatch canary;
    std::deque<Held> held;
    std::size_t cleared = 0;  // bytes at the front of `held` that may go
  };
  Choice& choice(std::uint32_t index);
  void read(Choice& choice, chat::Event event, const std::string& text,
            std::vector<chat::Event>& out);
  static void release(Choice& choice, std::vector<chat::Event>& out);
  static void release_all(Choice& choice, std::vector<chat::Event>& out);

  const TemplateUse use_;
  std::map<std::uint32_t, Choice> choices_;
  bool leaked_ = false;
};

}  // namespace nearside::gateway
