#include "engine/chat_habits.h"

namespace nearside::engine {

ChatHabits find_chat_habits(std::string_view chat_template, const text::Tokenizer& tokenizer) {
  ChatHabits habits;
  habits.reasoning = find_reasoning_markers(chat_template);
  if (const ToolCallFormat* const format = find_tool_call_format(chat_template)) {
    habits.tools = format;
    habits.template_knows_tools = true;
  }
  std::unordered_set<std::string_view> markers(habits.tools->markers.begin(),
                                               habits.tools->markers.end());
  if (habits.reasoning != nullptr) {
    // A marker may be a token and a word: "<|channel>" and "thought".
    markers.insert(habits.reasoning->open);
    markers.insert(habits.reasoning->open.substr(0, habits.reasoning->open.find('>') + 1));
    markers.insert(habits.reasoning->close);
  }
  for (std::size_t id = 0; id < tokenizer.size(); ++id)
    if (markers.contains(tokenizer.spelling(static_cast<text::TokenId>(id))))
      habits.spelled_tokens.insert(static_cast<text::TokenId>(id));
  return habits;
}

}  // namespace nearside::engine
