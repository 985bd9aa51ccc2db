// What a request costs at a target: a seller's price, its price book, or what own hardware costs.
#include <array>

#include <fmt/format.h>

#include "gateway/config_reader.h"

namespace nearside::gateway {

namespace {

constexpr double kUsdMax =
    1e6;  // no price, hour or kilowatt-hour costs more; a typing mistake might

/// A price of a million tokens, by the name it has in the file.
struct Part {
  std::string_view key;
  std::optional<policy::TokenPrice> policy::ModelPrice::*price;
};
constexpr std::array<Part, 4> kParts = {{
    {"usd_per_million_input_tokens", &policy::ModelPrice::input},
    {"usd_per_million_output_tokens", &policy::ModelPrice::output},
    {"usd_per_million_cached_input_tokens", &policy::ModelPrice::cache_read},
    {"usd_per_million_cache_write_tokens", &policy::ModelPrice::cache_write},
}};

/// What longer prompts cost: every price that the tier names must have its own without a tier.
void read_tier(const base::YamlNode& node, std::string path, policy::ModelPrice& price,
               Draft& draft) {
  base::YamlMap map(node, std::move(path), draft.problems);
  std::size_t above = 0;
  map.need("above_input_tokens", "the prompt's length from which on these prices hold");
  map.count("above_input_tokens", above, 1, std::size_t{1} << 30);
  for (const Part& part : kParts) {
    double dollars = 0;
    if (!map.number(part.key, dollars, 0, kUsdMax)) continue;
    std::optional<policy::TokenPrice>& of = price.*part.price;
    if (!of)
      draft.problem(map.line_of(part.key),
                    fmt::format("{}.{} is the price of a tier, but there is none for shorter "
                                "prompts; add it to the price",
                                map.path(), part.key));
    else if (!of->tiers.empty() && of->tiers.back().above_tokens >= above)
      draft.problem(node.line, fmt::format("{}: tiers rise; put the one above {} tokens first",
                                           map.path(), above));
    else
      of->tiers.push_back({above, policy::round_usd(dollars)});
  }
}

void read_price(base::YamlMap& map, policy::Target& out, Draft& draft) {
  map.need("usd_per_million_input_tokens", "what a million prompt tokens cost");
  map.need("usd_per_million_output_tokens", "what a million answer tokens cost");
  policy::ModelPrice price;
  for (const Part& part : kParts)
    if (double dollars = 0; map.number(part.key, dollars, 0, kUsdMax))
      price.*part.price = policy::TokenPrice{policy::round_usd(dollars), {}};
  double request = 0;
  if (map.number("usd_per_request", request, 0, kUsdMax))
    price.per_request = policy::round_usd(request);
  map.each("tiers", [&](const base::YamlNode& item, std::string path) {
    read_tier(item, std::move(path), price, draft);
  });
  out.cost = std::move(price);
}

/// The seller as public price books call it, by the dialect its servers speak.
std::string_view seller_of(std::string_view provider) {
  if (provider == "openai-responses") return "openai";
  if (provider == "gemini") return "google";
  if (provider == "bedrock") return "aws";
  return provider;
}

void read_price_book(base::YamlMap& map, const base::YamlNode* upstream, Draft& draft) {
  PriceBookConfig use;
  use.target_index = draft.config.policy.targets.size();
  map.text("book", use.file);
  use.file = resolve_path(draft, use.file);
  // What the upstream section says holds unless the price says otherwise.
  const auto in_upstream = [&](std::string_view key) -> std::string {
    if (upstream == nullptr) return "";
    for (const base::YamlNode::Member& member : upstream->members)
      if (member.key == key) return member.value.scalar;
    return "";
  };
  const std::string provider = in_upstream("provider");
  use.seller = seller_of(provider.empty() ? "openai" : provider);
  use.model = in_upstream("model");
  map.text("seller", use.seller);
  map.text("model", use.model);
  draft.config.price_books.push_back(std::move(use));
}

void read_local_cost(const base::YamlNode& node, const std::string& path, policy::Target& out,
                     Draft& draft) {
  base::YamlMap map(node, path, draft.problems);
  policy::LocalCost cost;
  map.number("usd_per_hour", cost.usd_per_hour, 0, kUsdMax);
  map.number("watts", cost.watts, 0, 1e6);
  map.number("usd_per_kwh", cost.usd_per_kwh, 0, kUsdMax);
  map.number("pue", cost.pue, 1, 10);
  map.number("concurrency", cost.concurrency, 1, 1e6);
  map.number("idle_watts", cost.idle_watts, 0, 1e6);
  map.number("utilization", cost.utilization, 0.001, 1);
  out.cost = cost;
}

}  // namespace

void read_costs(base::YamlMap& map, const base::YamlNode* upstream, policy::Target& out,
                Draft& draft) {
  const base::YamlNode* price = map.take("price");
  const base::YamlNode* local_cost = map.take("local_cost");
  if (price != nullptr && local_cost != nullptr)
    draft.problem(
        price->line,
        fmt::format("{} has price and local_cost; keep the one that says what a request costs",
                    map.path()));
  if (price != nullptr) {
    base::YamlMap inner(*price, map.path() + ".price", draft.problems);
    if (inner.take("book") != nullptr)
      read_price_book(inner, upstream, draft);
    else
      read_price(inner, out, draft);
  } else if (local_cost != nullptr) {
    read_local_cost(*local_cost, map.path() + ".local_cost", out, draft);
  } else if (upstream != nullptr && out.place == policy::Place::kCloud) {
    draft.problem(
        map.line(),
        fmt::format(
            "{} is a cloud without a price; add price: with usd_per_million_input_tokens and "
            "usd_per_million_output_tokens (0 if it is free)",
            map.path()));
  }
}

}  // namespace nearside::gateway
