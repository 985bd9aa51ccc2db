#include "gateway/price_books.h"

#include <map>

#include "base/file.h"
#include "policy/pricing/price_book.h"

namespace nearside::gateway {

base::Status load_prices(Config& config, base::WallTime now) {
  const std::string today = base::format_rfc3339(now).substr(0, 10);
  std::map<std::string, policy::PriceBook> books;
  for (const PriceBookConfig& use : config.price_books) {
    policy::Target& target = config.policy.targets[use.target_index];
    auto book = books.find(use.file);
    if (book == books.end()) {
      auto text = base::read_file(use.file, kPriceBookBytesMax);
      if (!text) return std::move(text).error().with_context("the price of " + target.name);
      auto parsed = policy::PriceBook::parse(*text, today);
      if (!parsed) return std::move(parsed).error().with_context(use.file);
      book = books.emplace(use.file, *std::move(parsed)).first;
    }
    const policy::ModelPrice* price = book->second.find(use.seller, use.model);
    if (price == nullptr)
      return base::fail(base::Code::kNotFound,
                        "the price of {}: {} has no model '{}' of '{}'; name them as the book does "
                        "(price.seller, price.model), or write the price itself",
                        target.name, use.file, use.model, use.seller);
    target.cost = *price;
  }
  return {};
}

}  // namespace nearside::gateway
