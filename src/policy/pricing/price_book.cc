#include "policy/pricing/price_book.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>

#include "base/json.h"

namespace nearside::policy {

namespace {

using base::Code;
using base::json::object;
using base::json::value;

/// Which names are a model's.
struct NameRule {
  enum class Kind : std::uint8_t { kEquals, kBegins, kEnds, kContains, kRegex, kAny, kAll };
  Kind kind = Kind::kEquals;
  std::string text;  // lower case
  std::regex regex;
  std::vector<NameRule> rules;  // of kAny and kAll

  [[nodiscard]] bool matches(const std::string& name) const {
    const auto holds = [&](const NameRule& rule) { return rule.matches(name); };
    switch (kind) {
      case Kind::kEquals:
        return name == text;
      case Kind::kBegins:
        return name.starts_with(text);
      case Kind::kEnds:
        return name.ends_with(text);
      case Kind::kContains:
        return name.find(text) != std::string::npos;
      case Kind::kRegex:
        return std::regex_search(name, regex);
      case Kind::kAny:
        return std::any_of(rules.begin(), rules.end(), holds);
      case Kind::kAll:
        return std::all_of(rules.begin(), rules.end(), holds);
    }
    return false;
  }
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

constexpr int kRuleDepthMax = 8;            // the public book has two
constexpr std::size_t kNameBytesMax = 256;  // std::regex is recursive: names stay short

base::Result<NameRule> parse_rule(const value& given, int depth) {
  const object* rule = given.if_object();
  if (rule == nullptr || rule->size() != 1 || depth > kRuleDepthMax)
    return base::fail(Code::kInvalidArgument, "a rule for names is no object with one member");
  const std::string_view kind = rule->begin()->key();
  const value& operand = rule->begin()->value();
  NameRule out;
  if (kind == "or" || kind == "and") {
    if (!operand.is_array())
      return base::fail(Code::kInvalidArgument, "the rule '{}' has no list", kind);
    out.kind = kind == "or" ? NameRule::Kind::kAny : NameRule::Kind::kAll;
    for (const value& part : operand.as_array())
      out.rules.push_back(TRY(parse_rule(part, depth + 1)));
    return out;
  }
  constexpr std::pair<std::string_view, NameRule::Kind> kKinds[] = {
      {"equals", NameRule::Kind::kEquals},
      {"starts_with", NameRule::Kind::kBegins},
      {"ends_with", NameRule::Kind::kEnds},
      {"contains", NameRule::Kind::kContains},
      {"regex", NameRule::Kind::kRegex}};
  const auto* known = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [&](const auto& one) { return one.first == kind; });
  if (known == std::end(kKinds) || !operand.is_string() ||
      operand.as_string().size() > kNameBytesMax)
    return base::fail(Code::kInvalidArgument, "'{}' is no rule for names", kind);
  out.kind = known->second;
  out.text = lower(operand.as_string());
  if (out.kind == NameRule::Kind::kRegex) try {
      out.regex = std::regex(operand.as_string().c_str());
    } catch (const std::regex_error&) {
      return base::fail(Code::kInvalidArgument, "'{}' is no regular expression", out.text);
    }
  return out;
}

/// A JSON number of dollars, to six decimals: public books hold a few with more (1/12), which are
/// rounded, so that every token costs a whole number of picodollars.
base::Result<Usd> parse_amount(const value& given) {
  constexpr double kDollarsMax = 1e6;
  const double dollars = given.is_number() ? given.to_number<double>() : -1;
  if (!(dollars >= 0 && dollars <= kDollarsMax))
    return base::fail(Code::kInvalidArgument, "a price is no amount from 0 to a million dollars");
  return round_usd(dollars);
}

base::Result<TokenPrice> parse_token_price(const value& given) {
  TokenPrice out;
  const object* steps = given.if_object();
  if (steps == nullptr) {
    out.per_million = TRY(parse_amount(given));
    return out;
  }
  const value* first = steps->if_contains("base");
  const value* tiers = steps->if_contains("tiers");
  if (first == nullptr || tiers == nullptr || !tiers->is_array())
    return base::fail(Code::kInvalidArgument, "a price has neither an amount nor base and tiers");
  out.per_million = TRY(parse_amount(*first));
  for (const value& given_tier : tiers->as_array()) {
    const object* tier = given_tier.if_object();
    const value* start = tier == nullptr ? nullptr : tier->if_contains("start");
    const value* price = tier == nullptr ? nullptr : tier->if_contains("price");
    if (start == nullptr || price == nullptr || !start->is_int64() || start->as_int64() < 0)
      return base::fail(Code::kInvalidArgument, "a tier of a price lacks start or price");
    out.tiers.push_back({static_cast<std::uint64_t>(start->as_int64()), TRY(parse_amount(*price))});
  }
  std::sort(out.tiers.begin(), out.tiers.end(),
            [](const auto& a, const auto& b) { return a.above_tokens < b.above_tokens; });
  return out;
}

base::Result<ModelPrice> parse_prices(const object& given) {
  ModelPrice out;
  const std::pair<std::string_view, std::optional<TokenPrice> ModelPrice::*> kParts[] = {
      {"input_mtok", &ModelPrice::input},
      {"output_mtok", &ModelPrice::output},
      {"cache_read_mtok", &ModelPrice::cache_read},
      {"cache_write_mtok", &ModelPrice::cache_write},
      {"input_audio_mtok", &ModelPrice::input_audio},
      {"cache_audio_read_mtok", &ModelPrice::cache_audio_read},
      {"output_audio_mtok", &ModelPrice::output_audio}};
  for (const auto& [name, part] : kParts)
    if (const value* price = given.if_contains(name)) out.*part = TRY(parse_token_price(*price));
  if (const value* price = given.if_contains("requests_kcount"))
    out.per_request.picodollars = TRY(parse_amount(*price)).picodollars / 1000;
  return out;
}

/// Of a list of prices, the last that a date put in force; prices of an hour of the day are left
/// out, since a bill is settled by the day.
base::Result<const object*> prices_in_force(const value& given, std::string_view day) {
  if (const object* plain = given.if_object()) return plain;
  const object* chosen = nullptr;
  if (!given.is_array())
    return base::fail(Code::kInvalidArgument, "\"prices\" is neither an object nor a list");
  for (const value& entry : given.as_array()) {
    const object* one = entry.if_object();
    const value* prices = one == nullptr ? nullptr : one->if_contains("prices");
    if (prices == nullptr || !prices->is_object())
      return base::fail(Code::kInvalidArgument, "an entry of a list of prices has none");
    const value* constraint = one->if_contains("constraint");
    if (constraint != nullptr) {
      const object* when = constraint->if_object();
      const value* start = when == nullptr ? nullptr : when->if_contains("start_date");
      if (start == nullptr || !start->is_string() || std::string_view(start->as_string()) > day)
        continue;
    }
    chosen = &prices->as_object();
  }
  if (chosen == nullptr)
    return base::fail(Code::kInvalidArgument, "no price is in force on {}", day);
  return chosen;
}

struct Entry {
  NameRule rule;
  ModelPrice price;
};

struct Seller {
  std::vector<Entry> entries;  // in the book's order: the first that matches counts
  std::vector<std::string> resells;
};

}  // namespace

struct PriceBook::State {
  std::map<std::string, Seller, std::less<>> sellers;

  const ModelPrice* find(std::string_view provider, const std::string& model, int depth) const {
    const auto seller = sellers.find(provider);
    if (seller == sellers.end() || depth > kRuleDepthMax) return nullptr;
    for (const Entry& entry : seller->second.entries)
      if (entry.rule.matches(model)) return &entry.price;
    for (const std::string& other : seller->second.resells)
      if (const ModelPrice* price = find(other, model, depth + 1)) return price;
    return nullptr;
  }
};

namespace {

base::Result<Entry> parse_model(const object& model, std::string_view day) {
  const value* match = model.if_contains("match");
  const value* prices = model.if_contains("prices");
  if (match == nullptr || prices == nullptr)
    return base::fail(Code::kInvalidArgument, "\"match\" or \"prices\" is missing");
  Entry entry;
  entry.rule = TRY(parse_rule(*match, 0));
  // A pointer into the book's JSON, which outlives this call.
  const object* chosen = TRY(prices_in_force(*prices, day));
  entry.price = TRY(parse_prices(*chosen));
  return entry;
}

base::Result<Seller> parse_seller(const object& provider, std::string_view day) {
  Seller out;
  const value* models = provider.if_contains("models");
  if (models == nullptr || !models->is_array())
    return base::fail(Code::kInvalidArgument, "\"models\" is missing");
  for (const value& given : models->as_array()) {
    const object* model = given.if_object();
    if (model == nullptr) return base::fail(Code::kInvalidArgument, "a model is no object");
    base::Result<Entry> entry = parse_model(*model, day);
    const value* id = model->if_contains("id");
    if (!entry)
      return std::move(entry).error().with_context(
          id != nullptr && id->is_string() ? std::string_view(id->as_string()) : "a model");
    out.entries.push_back(std::move(*entry));
  }
  const value* resells = provider.if_contains("fallback_model_providers");
  if (resells != nullptr && resells->is_array())
    for (const value& other : resells->as_array())
      if (other.is_string()) out.resells.emplace_back(other.as_string());
  return out;
}

}  // namespace

PriceBook::PriceBook(std::unique_ptr<State> state) : state_(std::move(state)) {}
PriceBook::PriceBook(PriceBook&&) noexcept = default;
PriceBook& PriceBook::operator=(PriceBook&&) noexcept = default;
PriceBook::~PriceBook() = default;

base::Result<PriceBook> PriceBook::parse(std::string_view json, std::string_view day) {
  const value book = TRY(base::parse_json(json));
  if (!book.is_array())
    return base::fail(Code::kInvalidArgument, "a price book is a list of providers");
  auto state = std::make_unique<State>();
  for (const value& given : book.as_array()) {
    const object* provider = given.if_object();
    const value* id = provider == nullptr ? nullptr : provider->if_contains("id");
    if (id == nullptr || !id->is_string())
      return base::fail(Code::kInvalidArgument, "a provider of the price book has no id");
    base::Result<Seller> seller = parse_seller(*provider, day);
    if (!seller) return std::move(seller).error().with_context(id->as_string());
    state->sellers.emplace(id->as_string(), std::move(*seller));
  }
  return PriceBook(std::move(state));
}

const ModelPrice* PriceBook::find(std::string_view provider, std::string_view model) const {
  if (model.size() > kNameBytesMax) return nullptr;
  return state_->find(provider, lower(model), 0);
}

std::size_t PriceBook::models_count() const {
  std::size_t count = 0;
  for (const auto& seller : state_->sellers) count += seller.second.entries.size();
  return count;
}

}  // namespace nearside::policy
