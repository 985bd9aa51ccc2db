// What the ledger keeps of one request. Never its text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace nearside::telemetry {

/// How a request ended. kOpen: it has not; kInterrupted: the node died before it did.
enum class Outcome : std::uint8_t {
  kOpen,
  kOk,
  kClientGone,  // the client left before the end
  kFailed,      // no target gave an answer
  kRefused,     // policy, limits or a bad request
  kCut,         // the answer broke off after content had been sent
  kInterrupted,
};

/// "open", "ok", "client_gone", "failed", "refused", "cut", "interrupted".
std::string_view outcome_name(Outcome outcome);

/// One try at one target.
struct Attempt {
  std::string target, place, region;
  Outcome outcome = Outcome::kOpen;
  std::string error_code;  // base::code_name, "" when ok
  std::uint64_t input_tokens = 0, cached_input_tokens = 0, output_tokens = 0;
  bool estimated = false;   // tokens counted by us
  bool pseudonyms = false;  // it saw placeholders instead of personal values
  bool shadow = false;      // its answer was compared and given to nobody
  std::optional<double> cost_usd;
  std::optional<double> energy_joules;
  std::optional<double> ttft_ms;  // empty: no token came
  double started_ms = 0;          // since the request arrived
  double total_ms = 0;
  std::uint64_t cache_write_tokens = 0;  // of the input, that a seller charges for keeping
  std::uint64_t reasoning_tokens = 0;    // of the output
  /// It wrote on after so many bytes of the answer's text, which another attempt had given.
  std::optional<std::uint64_t> resumed_at_bytes;
};

struct Record {
  std::string decision_id;
  base::WallTime time{};  // of the decision
  std::string tenant, key_name;
  std::string dialect;      // "openai"
  std::string operation;    // "chat.completions", "completions"
  std::string model_asked;  // as the client wrote it, at most 256 bytes are kept
  std::string sensitivity;  // of the label
  std::vector<std::string> categories;
  std::string answer_sensitivity;     // of what was found in the answer; "" when nobody read it
  std::string target, place, region;  // that answered; "" when none
  std::vector<Attempt> attempts;
  std::uint64_t input_tokens = 0, cached_input_tokens = 0, output_tokens = 0;  // of all attempts
  bool estimated = false;
  std::optional<double> cost_usd;       // of all attempts; empty: not known
  std::optional<double> energy_joules;  // likewise
  std::optional<double> ttft_ms;        // as the client saw it: from its request to the first token
  double total_ms = 0;
  bool stream = false;
  Outcome outcome = Outcome::kOpen;
  std::string error_code;     // of a failed, refused or cut request
  std::string decision_json;  // policy::to_json
  std::string traceparent;    // the caller's, for its trace; not kept
};

/// Adds an attempt's tokens, money and energy to the record's sums. A sum is known when all its
/// parts are.
void add_attempt(Record& record, Attempt attempt);

}  // namespace nearside::telemetry
