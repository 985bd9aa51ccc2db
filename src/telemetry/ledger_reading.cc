#include "telemetry/ledger_reading.h"

#include "store/sqlite.h"

namespace nearside::telemetry {

namespace {

constexpr char kRequests[] = R"(
SELECT decision_id, target, input_tokens, cached_input_tokens, output_tokens, cost_usd, decision FROM requests
WHERE outcome <> 'open' AND operation <> 'comparison' AND time >= ?1 AND (?2 = '' OR time < ?2) ORDER BY time, decision_id)";

}  // namespace

base::Status read_requests(const std::string& ledger_file, const CostWindow& window,
                           const std::function<void(const PastRequest&)>& visit) {
  store::OpenOptions read_only;
  read_only.read_only = true;
  store::Database database = TRY(store::Database::open(ledger_file, read_only));
  store::Statement rows = TRY(database.prepare(kRequests));
  rows.bind(1, window.since).bind(2, window.until);
  while (TRY(rows.step())) {
    PastRequest one;
    one.decision_id = rows.text(0);
    one.target = rows.text(1);
    one.input_tokens = static_cast<std::uint64_t>(rows.integer(2));
    one.cached_input_tokens = static_cast<std::uint64_t>(rows.integer(3));
    one.output_tokens = static_cast<std::uint64_t>(rows.integer(4));
    if (!rows.is_null(5)) one.cost_usd = rows.real(5);
    one.decision_json = rows.text(6);
    visit(one);
  }
  return {};
}

}  // namespace nearside::telemetry
