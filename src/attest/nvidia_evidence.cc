#include "attest/nvidia_evidence.h"

#include "attest/reader.h"

namespace nearside::attest {

using base::Code;
using base::fail;

namespace {

constexpr std::uint8_t kSpdm11 = 0x11;
constexpr std::uint8_t kGetMeasurements = 0xE0;
constexpr std::uint8_t kMeasurements = 0x60;
constexpr std::size_t kNonceBytes = 32;
constexpr std::size_t kSignatureBytes = 96;  // P-384: r and s, big-endian
constexpr std::uint8_t kDmtf = 1;

/// One block: index, and the DMTF form of a value.
base::Status read_block(Reader& record, NvidiaEvidence& evidence) {
  const unsigned index = record.u8();
  const std::uint8_t specification = record.u8();
  Reader block(record.bytes(record.u16()), Order::kLittle);
  block.u8();  // kind of value
  const std::string_view value = block.bytes(block.u16());
  if (record.failed() || block.failed() || !block.rest().empty() || specification != kDmtf)
    return fail(Code::kCorrupt, "a measurement of the GPU cannot be read");
  if (!evidence.measurements.emplace(index, value).second)
    return fail(Code::kCorrupt, "measurement {} comes twice", index);
  return {};
}

}  // namespace

base::Result<NvidiaEvidence> parse_nvidia_evidence(std::string_view report) {
  Reader reader(report, Order::kLittle);
  NvidiaEvidence evidence;
  if (reader.u8() != kSpdm11 || reader.u8() != kGetMeasurements)
    return fail(Code::kUnsupported, "not an SPDM 1.1 request for measurements");
  reader.bytes(2);
  evidence.nonce = reader.bytes(kNonceBytes);
  reader.u8();  // slot
  if (reader.u8() != kSpdm11 || reader.u8() != kMeasurements)
    return fail(Code::kUnsupported, "not an SPDM 1.1 answer with measurements");
  reader.bytes(2);
  const unsigned blocks = reader.u8();
  Reader record(reader.bytes(reader.number(3)), Order::kLittle);
  for (unsigned i = 0; i < blocks; ++i) TRY(read_block(record, evidence));
  reader.bytes(kNonceBytes);   // the GPU's own
  reader.bytes(reader.u16());  // what the specification leaves open
  if (reader.failed() || !record.rest().empty() || reader.rest().size() != kSignatureBytes)
    return fail(Code::kCorrupt, "the GPU's evidence is cut short or goes on");
  return evidence;
}

base::Result<NvidiaEvidence> verify_nvidia_evidence(std::string_view report,
                                                    std::span<const trust::Certificate> chain,
                                                    std::span<const trust::Certificate> roots,
                                                    std::int64_t unix_s,
                                                    const NvidiaExpectation& expectation) {
  NvidiaEvidence evidence = TRY(parse_nvidia_evidence(report));
  if (chain.empty()) return fail(Code::kPermission, "the GPU's certificate is missing");
  TRY(trust::verify_chain({chain.front(), chain.subspan(1), roots, unix_s}));
  const trust::PublicKey key = TRY(chain.front().public_key());
  const std::string_view signed_bytes = report.substr(0, report.size() - kSignatureBytes);
  const std::string_view signature = report.substr(signed_bytes.size());
  TRY(key.verify(signed_bytes,
                 trust::ecdsa_der(signature.substr(0, kSignatureBytes / 2),
                                  signature.substr(kSignatureBytes / 2)),
                 trust::Scheme::kEcdsa, trust::Hash::kSha384));
  if (evidence.nonce != expectation.nonce)
    return fail(Code::kPermission, "the evidence answers another nonce: it is old or another's");
  for (const auto& [index, value] : expectation.measurements) {
    const auto found = evidence.measurements.find(index);
    if (found == evidence.measurements.end() || found->second != value)
      return fail(Code::kPermission, "measurement {} of the GPU is not as expected", index);
  }
  return evidence;
}

}  // namespace nearside::attest
