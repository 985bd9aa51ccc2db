#include "engine/tool_calls.h"

namespace nearside::engine {

namespace {

// The narrowest spelling first: a template may mention another family's in passing.
constexpr const ToolCallFormat* kFormats[] = {
    &kMistralToolCalls,
    &kGemmaToolCalls,
    &kHermesToolCalls,
    &kLlamaToolCalls,
};

}  // namespace

std::span<const ToolCallFormat* const> tool_call_formats() { return kFormats; }

const ToolCallFormat* find_tool_call_format(std::string_view chat_template) {
  for (const ToolCallFormat* const format : kFormats)
    if (format->spoken_by(chat_template)) return format;
  return nullptr;
}

}  // namespace nearside::engine
