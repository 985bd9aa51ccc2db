// One try at one target: its clock and its bill.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "chat/event.h"
#include "policy/target.h"
#include "telemetry/record.h"

namespace nearside::gateway {

/// Not thread-safe.
class AttemptMeter {
 public:
  AttemptMeter(const policy::Target& target, base::SteadyTime started)
      : target_(&target), started_(started) {}

  /// A piece of the answer of that many bytes arrived.
  void content(std::size_t bytes, base::SteadyTime now);
  [[nodiscard]] bool has_content() const { return first_content_.has_value(); }

  /// The attempt as the ledger keeps it.
  [[nodiscard]] telemetry::Attempt close(telemetry::Outcome outcome, std::string_view error_code,
                                         const chat::Usage& usage, base::SteadyTime now) const;
  /// What has been used when the target cannot say because nobody waited for its last word.
  [[nodiscard]] chat::Usage usage_so_far(std::size_t prompt_tokens) const;

 private:
  const policy::Target* target_;
  base::SteadyTime started_;
  std::optional<base::SteadyTime> first_content_;
  std::size_t content_bytes_ = 0;
};

double milliseconds_between(base::SteadyTime from, base::SteadyTime to);

}  // namespace nearside::gateway
