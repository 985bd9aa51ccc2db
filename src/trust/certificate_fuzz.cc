// Any bytes as certificates, and as a path to an authority that signed none of them.
#include <cstdint>

#include "trust/certificate.h"

using namespace nearside::trust;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<Certificate> all;
  if (auto some = Certificate::all_from_pem(bytes)) all = *std::move(some);
  if (auto one = Certificate::from_der(bytes)) all.push_back(*std::move(one));
  for (const Certificate& certificate : all) {
    static_cast<void>(certificate.subject());
    static_cast<void>(certificate.may_sign());
    static_cast<void>(certificate.extension("1.3.6.1.4.1.3704.1.3.1"));
    if (const auto key = certificate.public_key()) static_cast<void>(key->pem());
    // Without a trusted root there is no path; with itself as root there may be one.
    if (verify_chain({certificate, all, {}, 1'750'000'000})) __builtin_trap();
    static_cast<void>(verify_chain({certificate, all, all, 1'750'000'000}).has_value());
  }
  return 0;
}
