// Chat templates: the Jinja that a model file carries, turning messages into the text the model was
// trained on.
//
// A template is code from a file we do not trust: rendering is bounded in steps, output bytes,
// recursion and value size, and reaches nothing but its inputs.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace nearside::text {

struct TemplateLimits {
  std::size_t source_bytes_max = 1U << 20;
  std::size_t steps_max = 20'000'000;        // evaluated nodes
  std::size_t output_bytes_max = 64U << 20;  // also of any one text on the way
  std::size_t value_bytes_max = 256U << 20;  // of all values alive at one time
  std::size_t depth_max = 128;               // of syntax, calls and values
};

/// What the template sees. Settings are those model tools use: trim_blocks, lstrip_blocks, loop
/// controls, `raise_exception`, `strftime_now`, `tojson` without ASCII escaping.
struct TemplateInput {
  base::json::array messages;
  base::json::array tools;  // empty: the variable `tools` is none
  bool add_generation_prompt = true;
  std::string bos_token;
  std::string eos_token;
  base::json::object extra;  // further variables
  base::WallTime now;        // for strftime_now
};

/// Parsed once, rendered often. Immutable; thread-safe.
class ChatTemplate {
 public:
  /// Errors: kInvalidArgument (syntax, with line), kTooLarge.
  static base::Result<ChatTemplate> parse(std::string_view source,
                                          const TemplateLimits& limits = {});
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  /// Errors: kInvalidArgument (raise_exception's message, or a type error as Jinja would raise,
  /// with line), kTooLarge (a limit).
  [[nodiscard]] base::Result<std::string> render(const TemplateInput& input) const;

 private:
  struct Program;
  explicit ChatTemplate(std::unique_ptr<Program> program);
  std::unique_ptr<Program> program_;
};

}  // namespace nearside::text
