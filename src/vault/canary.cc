#include "vault/canary.h"

#include <algorithm>

#include <fmt/format.h>

#include "trust/sha256.h"
#include "vault/disguise.h"

namespace nearside::vault {

namespace {

std::string symbols_of(std::string_view text) {
  std::string symbols;
  for (const char c : text)
    if (const char s = digit_or_letter(c); s != '\0') symbols += s;
  return symbols;
}

}  // namespace

std::string make_canary(std::string_view secret_text, std::string_view name,
                        std::string_view tenant) {
  // Lengths first, so that no two triples of texts are one text.
  const trust::Sha256 digest =
      trust::sha256(fmt::format("nearside canary 1\n{} {} {}\n{}{}{}", secret_text.size(),
                                name.size(), tenant.size(), secret_text, name, tenant));
  std::string canary;
  for (std::size_t i = 0; i < kCanaryLetters; ++i)
    canary += static_cast<char>('a' + digest[i] % 26);
  return canary;
}

CanaryWatch::CanaryWatch(std::string_view canary)
    : forms_{std::string(canary),
             std::string(canary.rbegin(), canary.rend()),
             rot13(canary),
             hexadecimal(canary),
             symbols_of(base64_digits(canary)),
             symbols_of(base64_digits(canary.substr(1))),
             symbols_of(base64_digits(canary.substr(2)))} {}

bool CanaryWatch::push(std::string_view text) {
  for (const char c : text) {
    const char s = digit_or_letter(c);
    if (s == '\0' || seen_) continue;
    recent_ += s;
    // Twice what is needed, so that moving the bytes is rare.
    if (recent_.size() > 4 * kCanarySymbolsMax) recent_.erase(0, 2 * kCanarySymbolsMax);
    for (const std::string& form : forms_)
      if (form.back() == s && recent_.ends_with(form)) seen_ = true;
  }
  return seen_;
}

}  // namespace nearside::vault
