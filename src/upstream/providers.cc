#include "upstream/providers.h"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace nearside::upstream {
namespace {

std::array<const Provider*, 7> all() {
  return {
      &openai_provider(), &responses_provider(), &azure_provider(),  &anthropic_provider(),
      &gemini_provider(), &bedrock_provider(),   &ollama_provider(),
  };
}

}  // namespace

std::vector<std::string_view> provider_names() {
  std::vector<std::string_view> names;
  for (const Provider* provider : all()) names.push_back(provider->name());
  return names;
}

base::Result<const Provider*> find_provider(std::string_view name) {
  for (const Provider* provider : all())
    if (provider->name() == name) return provider;
  return base::fail(base::Code::kNotFound, "no provider is called '{}'; there is: {}", name,
                    fmt::join(provider_names(), ", "));
}

}  // namespace nearside::upstream
