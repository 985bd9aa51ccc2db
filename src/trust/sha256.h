// SHA-256, and comparison that takes equally long whatever differs.
// Source: FIPS 180-4; OpenSSL's implementation.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace nearside::trust {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

/// Equal, without telling by its duration where the first difference is.
bool equal_in_constant_time(const Sha256& a, const Sha256& b);

}  // namespace nearside::trust
