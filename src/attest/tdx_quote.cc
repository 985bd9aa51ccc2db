#include "attest/tdx_quote.h"

#include <algorithm>

#include "attest/reader.h"
#include "trust/encoding.h"
#include "trust/hash.h"

namespace nearside::attest {

using base::Code;
using base::fail;

namespace {

constexpr std::size_t kHeaderBytes = 48;
constexpr std::size_t kBodyBytes = 584;    // TDX 1.0
constexpr std::size_t kBody15Bytes = 648;  // TDX 1.5
constexpr std::size_t kEnclaveReportBytes = 384;
constexpr std::size_t kEnclaveReportDataAt = 320;
constexpr std::size_t kCoordinateBytes = 32;
constexpr std::uint16_t kEcdsaP256 = 2;
constexpr std::uint32_t kTdx = 0x81;
constexpr std::uint16_t kEnclaveReportCertification = 6;
constexpr std::uint16_t kPemChainCertification = 5;

// What tells Intel's quoting enclave for trust domains from any other that a platform certifies:
// who may provision a machine can have an enclave of their own certified, and it would quote
// anything. Source: Intel SDM 3D, 38.15 (REPORT); Intel's identity of the enclave, id TD_QE.
constexpr std::size_t kEnclaveMiscSelectAt = 16;
constexpr std::size_t kEnclaveAttributesAt = 48;
constexpr std::size_t kEnclaveSignerAt = 128;
constexpr std::size_t kEnclaveProductAt = 256;
constexpr std::uint64_t kEnclaveAttributes = 0x11;    // initialised, may certify; not for debugging
constexpr std::uint64_t kEnclaveAttributesAny = 0x4;  // 64 bits or not
constexpr std::uint16_t kEnclaveProduct = 2;
constexpr std::string_view kEnclaveSigner =
    "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5";

/// Where the parts are; views into the quote.
struct Parts {
  std::uint16_t version = 0;
  std::string_view signed_bytes;  // header and body
  std::string_view body;
  std::string_view signature;
  std::string_view attestation_key;
  std::string_view enclave_report;
  std::string_view enclave_signature;
  std::string_view enclave_data;
  std::string_view certificates;
};

base::Result<Parts> split(std::string_view quote) {
  Reader reader(quote, Order::kLittle);
  Parts parts;
  parts.version = reader.u16();
  const std::uint16_t key_type = reader.u16();
  const std::uint32_t technology = reader.u32();
  if (parts.version != 4 && parts.version != 5)
    return fail(Code::kUnsupported, "a quote of version {}", parts.version);
  if (key_type != kEcdsaP256 || technology != kTdx)
    return fail(Code::kUnsupported, "not a TDX quote signed on P-256");
  reader.bytes(kHeaderBytes - 8);
  std::size_t body_bytes = kBodyBytes;
  if (parts.version == 5) {
    const std::uint16_t type = reader.u16();
    body_bytes = reader.u32();
    if (!(type == 2 && body_bytes == kBodyBytes) && !(type == 3 && body_bytes == kBody15Bytes))
      return fail(Code::kUnsupported, "a quote with a body of type {}", type);
  }
  parts.body = reader.bytes(body_bytes);
  parts.signed_bytes = quote.substr(0, quote.size() - reader.rest().size());
  Reader signature(reader.bytes(reader.u32()), Order::kLittle);
  parts.signature = signature.bytes(2 * kCoordinateBytes);
  parts.attestation_key = signature.bytes(2 * kCoordinateBytes);
  if (signature.u16() != kEnclaveReportCertification)
    return fail(Code::kUnsupported, "the attestation key is certified in another way");
  Reader certification(signature.bytes(signature.u32()), Order::kLittle);
  parts.enclave_report = certification.bytes(kEnclaveReportBytes);
  parts.enclave_signature = certification.bytes(2 * kCoordinateBytes);
  parts.enclave_data = certification.bytes(certification.u16());
  if (certification.u16() != kPemChainCertification)
    return fail(Code::kUnsupported, "the platform's certificates are not in the quote");
  parts.certificates = certification.bytes(certification.u32());
  if (reader.failed() || signature.failed() || certification.failed())
    return fail(Code::kCorrupt, "the quote is cut short");
  return parts;
}

TdxQuote describe(const Parts& parts) {
  TdxQuote quote;
  quote.version = parts.version;
  Reader body(parts.body, Order::kLittle);
  quote.tcb_svn = body.bytes(16);
  quote.mr_seam = body.bytes(48);
  body.bytes(48 + 8);  // signer of the module, its attributes
  quote.debug = (body.u64() & 1) != 0;
  body.bytes(8);  // extended features
  quote.mr_td = body.bytes(48);
  body.bytes(3 * 48);  // configuration, owner, owner's configuration
  for (int i = 0; i < 4; ++i) quote.rtmrs.emplace_back(body.bytes(48));
  quote.report_data = body.bytes(64);
  return quote;
}

base::Status check_p256(const trust::PublicKey& key, std::string_view message,
                        std::string_view signature) {
  return key.verify(
      message,
      trust::ecdsa_der(signature.substr(0, kCoordinateBytes), signature.substr(kCoordinateBytes)),
      trust::Scheme::kEcdsa, trust::Hash::kSha256);
}

/// Intel ends the PEM with a zero byte.
std::string_view without_zeros(std::string_view text) {
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  return text;
}

base::Status check_enclave(std::string_view report) {
  const auto number = [&](std::size_t at, unsigned bytes) {
    return Reader(report.substr(at), Order::kLittle).number(bytes);
  };
  if (trust::to_hex(report.substr(kEnclaveSignerAt, 32)) != kEnclaveSigner ||
      number(kEnclaveProductAt, 2) != kEnclaveProduct)
    return fail(Code::kPermission, "the quoting enclave is not Intel's");
  if (number(kEnclaveMiscSelectAt, 4) != 0 ||
      (number(kEnclaveAttributesAt, 8) & ~kEnclaveAttributesAny) != kEnclaveAttributes)
    return fail(Code::kPermission, "the quoting enclave can be debugged, or is set up otherwise");
  return {};
}

base::Status check_platform(const Parts& parts, const std::vector<trust::Certificate>& roots,
                            std::int64_t unix_s) {
  const auto chain = TRY(trust::Certificate::all_from_pem(without_zeros(parts.certificates)));
  TRY(trust::verify_chain({chain.front(), std::span(chain).subspan(1), roots, unix_s}));
  const trust::PublicKey platform = TRY(chain.front().public_key());
  if (base::Status status = check_p256(platform, parts.enclave_report, parts.enclave_signature);
      !status)
    return fail(Code::kPermission, "the quoting enclave's report is not the platform's");
  TRY(check_enclave(parts.enclave_report));
  std::string bound = trust::hash_bytes(
      trust::Hash::kSha256, std::string(parts.attestation_key).append(parts.enclave_data));
  bound.resize(64, '\0');
  if (parts.enclave_report.substr(kEnclaveReportDataAt, 64) != bound)
    return fail(Code::kPermission, "the attestation key is not the quoting enclave's");
  return {};
}

}  // namespace

base::Result<TdxQuote> parse_tdx_quote(std::string_view quote) {
  const Parts parts = TRY(split(quote));
  return describe(parts);
}

base::Result<std::vector<trust::Certificate>> tdx_quote_certificates(std::string_view quote) {
  const Parts parts = TRY(split(quote));
  return trust::Certificate::all_from_pem(without_zeros(parts.certificates));
}

base::Result<TdxQuote> verify_tdx_quote(std::string_view bytes,
                                        const std::vector<trust::Certificate>& roots,
                                        std::int64_t unix_s, const TdxExpectation& expectation) {
  const Parts parts = TRY(split(bytes));
  TRY(check_platform(parts, roots, unix_s));
  const trust::PublicKey attestation = TRY(trust::PublicKey::from_point(
      trust::KeyKind::kP256, parts.attestation_key.substr(0, kCoordinateBytes),
      parts.attestation_key.substr(kCoordinateBytes)));
  if (!check_p256(attestation, parts.signed_bytes, parts.signature))
    return fail(Code::kPermission, "the quote was changed: its signature does not hold");
  TdxQuote quote = describe(parts);
  std::string data = expectation.report_data;
  data.resize(64, '\0');
  if (!expectation.report_data.empty() && data != quote.report_data)
    return fail(Code::kPermission, "the report data is not the one expected: old, or another's");
  const auto& wanted = expectation.mr_tds;
  if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), quote.mr_td) == wanted.end())
    return fail(Code::kPermission, "the domain was started with something else (MRTD)");
  for (std::size_t i = 0; i < std::min(expectation.tcb_min.size(), quote.tcb_svn.size()); ++i)
    if (static_cast<unsigned char>(quote.tcb_svn[i]) <
        static_cast<unsigned char>(expectation.tcb_min[i]))
      return fail(Code::kPermission, "part {} of the firmware is older than required", i);
  if (quote.debug && !expectation.allow_debug)
    return fail(Code::kPermission, "the host may debug this domain, so it hides nothing");
  return quote;
}

}  // namespace nearside::attest
