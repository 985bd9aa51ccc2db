#include "telemetry/ledger_costs.h"

#include "store/sqlite.h"

namespace nearside::telemetry {

namespace {

// A time sorts as text: RFC 3339 in UTC, of one length, and a shorter beginning sorts before it.
constexpr char kSums[] = R"(
SELECT a.value ->> '$.target', a.value ->> '$.place', count(*), sum(a.value ->> '$.cost_usd' IS NULL),
  sum(coalesce(a.value ->> '$.input_tokens', 0)), sum(coalesce(a.value ->> '$.cached_input_tokens', 0)),
  sum(coalesce(a.value ->> '$.cache_write_tokens', 0)), sum(coalesce(a.value ->> '$.output_tokens', 0)),
  sum(coalesce(a.value ->> '$.reasoning_tokens', 0)), total(a.value ->> '$.cost_usd'),
  total(a.value ->> '$.energy_joules')
FROM requests, json_each(requests.attempts) AS a
WHERE time >= ?1 AND (?2 = '' OR time < ?2)
GROUP BY 1, 2 ORDER BY 1)";

}  // namespace

base::Result<std::vector<TargetCosts>> sum_costs(const std::string& ledger_file,
                                                 const CostWindow& window) {
  store::OpenOptions read_only;
  read_only.read_only = true;
  store::Database database = TRY(store::Database::open(ledger_file, read_only));
  store::Statement sums = TRY(database.prepare(kSums));
  sums.bind(1, window.since).bind(2, window.until);
  std::vector<TargetCosts> out;
  while (TRY(sums.step())) {
    const auto count = [&](int column) { return static_cast<std::uint64_t>(sums.integer(column)); };
    TargetCosts one;
    one.target = sums.text(0);
    one.place = sums.text(1);
    one.attempts = count(2);
    one.unpriced = count(3);
    one.input_tokens = count(4);
    one.cached_input_tokens = count(5);
    one.cache_write_tokens = count(6);
    one.output_tokens = count(7);
    one.reasoning_tokens = count(8);
    one.cost_usd = sums.real(9);
    one.energy_joules = sums.real(10);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace nearside::telemetry
