#include "attest/tpm_quote.h"

#include <algorithm>

#include "attest/reader.h"
#include "trust/hash.h"

namespace nearside::attest {

using base::Code;
using base::fail;

namespace {

constexpr std::uint32_t kMagic = 0xFF544347;  // "made inside a TPM"
constexpr std::uint16_t kQuoteType = 0x8018;
constexpr std::uint16_t kSha256 = 0x000B;
constexpr std::uint16_t kSha384 = 0x000C;
constexpr std::uint16_t kSha512 = 0x000D;
constexpr std::uint16_t kRsassa = 0x0014;
constexpr std::uint16_t kRsapss = 0x0016;
constexpr std::uint16_t kEcdsa = 0x0018;
constexpr std::size_t kPcrsMax = 24;

base::Result<trust::Hash> hash_of(std::uint16_t algorithm) {
  if (algorithm == kSha256) return trust::Hash::kSha256;
  if (algorithm == kSha384) return trust::Hash::kSha384;
  if (algorithm == kSha512) return trust::Hash::kSha512;
  return fail(Code::kUnsupported, "the quote is signed with hash 0x{:04x}", algorithm);
}

base::Status check_tpmt_signature(const TpmEvidence& evidence, const trust::PublicKey& key) {
  Reader reader(evidence.signature, Order::kBig);
  const std::uint16_t scheme = reader.u16();
  const trust::Hash hash = TRY(hash_of(reader.u16()));
  if (scheme == kRsassa || scheme == kRsapss) {
    const std::string_view bytes = reader.bytes(reader.u16());
    if (reader.failed() || !reader.rest().empty())
      return fail(Code::kCorrupt, "the quote's signature cannot be read");
    return key.verify(evidence.message, bytes,
                      scheme == kRsassa ? trust::Scheme::kRsaPkcs1 : trust::Scheme::kRsaPss, hash);
  }
  if (scheme != kEcdsa) return fail(Code::kUnsupported, "the quote's signature is of another kind");
  const std::string_view r = reader.bytes(reader.u16());
  const std::string_view s = reader.bytes(reader.u16());
  if (reader.failed() || !reader.rest().empty() || r.size() > 66 || s.size() > 66)
    return fail(Code::kCorrupt, "the quote's signature cannot be read");
  return key.verify(evidence.message, trust::ecdsa_der(r, s), trust::Scheme::kEcdsa, hash);
}

base::Status check_signature(const TpmEvidence& evidence, const trust::PublicKey& key) {
  const base::Status status = check_tpmt_signature(evidence, key);
  if (status || key.kind() != trust::KeyKind::kRsa) return status;
  return key.verify(evidence.message, evidence.signature, trust::Scheme::kRsaPkcs1,
                    trust::Hash::kSha256);
}

}  // namespace

base::Result<TpmQuote> parse_tpm_quote(std::string_view message) {
  Reader reader(message, Order::kBig);
  if (reader.u32() != kMagic || reader.u16() != kQuoteType)
    return fail(Code::kCorrupt, "not a TPM quote");
  TpmQuote quote;
  reader.bytes(reader.u16());  // the signer's qualified name
  quote.nonce = reader.bytes(reader.u16());
  quote.clock_ms = reader.u64();
  quote.reset_count = reader.u32();
  quote.restart_count = reader.u32();
  reader.u8();  // whether the clock is exact
  quote.firmware_version = reader.u64();
  if (reader.u32() != 1 || reader.u16() != kSha256)
    return fail(Code::kUnsupported, "the quote is not over one bank of SHA-256 registers");
  const std::string_view selected = reader.bytes(reader.u8());
  for (unsigned index = 0; index < selected.size() * 8; ++index)
    if ((static_cast<unsigned char>(selected[index / 8]) >> (index % 8) & 1U) != 0)
      quote.pcrs.push_back(index);
  quote.pcr_digest = reader.bytes(reader.u16());
  if (reader.failed() || !reader.rest().empty() || quote.pcr_digest.size() != 32)
    return fail(Code::kCorrupt, "the quote is cut short or goes on");
  return quote;
}

base::Result<TpmQuote> verify_tpm_quote(const TpmEvidence& evidence, const trust::PublicKey& key,
                                        const TpmExpectation& expectation) {
  TRY(check_signature(evidence, key));
  TpmQuote quote = TRY(parse_tpm_quote(evidence.message));
  if (quote.nonce != expectation.nonce)
    return fail(Code::kPermission, "the quote answers another nonce: it is old or another's");
  if (evidence.pcrs.size() > kPcrsMax) return fail(Code::kCorrupt, "more than 24 registers");
  trust::Sha256Stream stream;
  for (const unsigned index : quote.pcrs) {
    if (index >= evidence.pcrs.size())
      return fail(Code::kCorrupt, "register {} is quoted, and its value is not given", index);
    stream.update(std::as_bytes(std::span(evidence.pcrs[index])));
  }
  const trust::Sha256 digest = stream.finish();
  if (!std::equal(digest.begin(), digest.end(), quote.pcr_digest.begin(),
                  [](auto a, char b) { return a == static_cast<unsigned char>(b); }))
    return fail(Code::kPermission, "the registers given are not those that were quoted");
  for (const auto& [index, value] : expectation.pcrs) {
    if (std::find(quote.pcrs.begin(), quote.pcrs.end(), index) == quote.pcrs.end())
      return fail(Code::kPermission, "register {} is not quoted", index);
    if (evidence.pcrs[index] != value)
      return fail(Code::kPermission, "register {} is not as expected", index);
  }
  return quote;
}

}  // namespace nearside::attest
