#include "attest/snp_report.h"

#include <algorithm>

#include "attest/reader.h"

namespace nearside::attest {

using base::Code;
using base::fail;

namespace {

constexpr std::size_t kReportBytes = 1184;
constexpr std::size_t kSignedBytes = 0x2A0;
constexpr std::size_t kNumberBytes = 72;  // little-endian, zeros above the curve's 48
constexpr std::uint32_t kEcdsaP384Sha384 = 1;
constexpr std::uint64_t kPolicyMigration = 1ULL << 18;
constexpr std::uint64_t kPolicyDebug = 1ULL << 19;

SnpTcb tcb_of(std::uint64_t value) {
  const auto byte = [value](unsigned index) {
    return static_cast<std::uint8_t>(value >> (8 * index));
  };
  return {byte(0), byte(1), byte(6), byte(7)};
}

std::string reversed(std::string_view bytes) { return {bytes.rbegin(), bytes.rend()}; }

/// A DER INTEGER of one byte.
base::Result<std::uint8_t> version_extension(const trust::Certificate& certificate,
                                             const char* identifier) {
  const std::optional<std::string> content = certificate.extension(identifier);
  if (!content)
    return fail(Code::kPermission, "the chip's certificate does not say its firmware's version");
  Reader reader(*content, Order::kBig);
  const std::uint8_t tag = reader.u8();
  const std::uint8_t length = reader.u8();
  const std::uint64_t value = reader.number(std::min<std::uint8_t>(length, 8));
  if (tag != 2 || reader.failed() || !reader.rest().empty() || value > 255)
    return fail(Code::kPermission, "the chip's certificate has an unreadable firmware version");
  return static_cast<std::uint8_t>(value);
}

base::Status check_certificate_fits(const SnpReport& report,
                                    const trust::Certificate& certificate) {
  const std::optional<std::string> chip = certificate.extension("1.3.6.1.4.1.3704.1.4");
  // A VLEK is a cloud provider's and names no chip.
  if (chip && *chip != report.chip_id)
    return fail(Code::kPermission, "the certificate is another chip's");
  SnpTcb tcb;
  tcb.boot_loader = TRY(version_extension(certificate, "1.3.6.1.4.1.3704.1.3.1"));
  tcb.tee = TRY(version_extension(certificate, "1.3.6.1.4.1.3704.1.3.2"));
  tcb.snp = TRY(version_extension(certificate, "1.3.6.1.4.1.3704.1.3.3"));
  tcb.microcode = TRY(version_extension(certificate, "1.3.6.1.4.1.3704.1.3.8"));
  if (tcb != report.reported_tcb)
    return fail(Code::kPermission, "the certificate is for another firmware than reported");
  return {};
}

base::Status check_expectation(const SnpReport& report, const SnpExpectation& expectation) {
  std::string data = expectation.report_data;
  data.resize(64, '\0');
  if (!expectation.report_data.empty() && data != report.report_data)
    return fail(Code::kPermission, "the report data is not the one expected: old, or another's");
  const auto& wanted = expectation.measurements;
  if (!wanted.empty() &&
      std::find(wanted.begin(), wanted.end(), report.measurement) == wanted.end())
    return fail(Code::kPermission, "the machine was started with something else (measurement)");
  const auto& signers = expectation.signers;
  if (!signers.empty() &&
      std::find(signers.begin(), signers.end(), report.id_key) == signers.end() &&
      std::find(signers.begin(), signers.end(), report.author_key) == signers.end())
    return fail(Code::kPermission, "nobody named has signed what the machine was started with");
  if (!report.reported_tcb.at_least(expectation.tcb_min))
    return fail(Code::kPermission, "the firmware is older than required");
  if (report.debug_allowed && !expectation.allow_debug)
    return fail(Code::kPermission, "the host may debug this machine, so it hides nothing");
  if (report.vmpl > expectation.vmpl_max)
    return fail(Code::kPermission, "the report was asked for at VMPL {}", report.vmpl);
  return {};
}

}  // namespace

base::Result<SnpReport> parse_snp_report(std::string_view bytes) {
  if (bytes.size() != kReportBytes)
    return fail(Code::kCorrupt, "an SNP report has {} bytes, not {}", kReportBytes, bytes.size());
  Reader reader(bytes, Order::kLittle);
  SnpReport report;
  report.version = reader.u32();
  if (report.version < 2 || report.version > 5)
    return fail(Code::kUnsupported, "an SNP report of version {}", report.version);
  report.guest_svn = reader.u32();
  const std::uint64_t policy = reader.u64();
  report.debug_allowed = (policy & kPolicyDebug) != 0;
  report.migration_allowed = (policy & kPolicyMigration) != 0;
  reader.bytes(32);  // family and image id
  report.vmpl = reader.u32();
  if (reader.u32() != kEcdsaP384Sha384)
    return fail(Code::kUnsupported, "an SNP report signed by another algorithm");
  reader.bytes(0x50 - 0x38);
  report.report_data = reader.bytes(64);
  report.measurement = reader.bytes(48);
  report.host_data = reader.bytes(32);
  report.id_key = reader.bytes(48);
  report.author_key = reader.bytes(48);
  reader.bytes(0x180 - 0x140);
  report.reported_tcb = tcb_of(reader.u64());
  reader.bytes(0x1A0 - 0x188);
  report.chip_id = reader.bytes(64);
  return report;
}

base::Result<SnpReport> verify_snp_report(std::string_view bytes,
                                          const SnpCertificates& certificates,
                                          const SnpExpectation& expectation) {
  SnpReport report = TRY(parse_snp_report(bytes));
  TRY(trust::verify_chain(
      {certificates.chip, certificates.intermediates, certificates.roots, certificates.unix_s}));
  const trust::PublicKey key = TRY(certificates.chip.public_key());
  if (key.kind() != trust::KeyKind::kP384)
    return fail(Code::kPermission, "the chip's key is not on P-384");
  Reader numbers(bytes.substr(kSignedBytes), Order::kLittle);
  const std::string r = reversed(numbers.bytes(kNumberBytes));
  const std::string s = reversed(numbers.bytes(kNumberBytes));
  TRY(key.verify(bytes.substr(0, kSignedBytes), trust::ecdsa_der(r, s), trust::Scheme::kEcdsa,
                 trust::Hash::kSha384));
  TRY(check_certificate_fits(report, certificates.chip));
  TRY(check_expectation(report, expectation));
  return report;
}

}  // namespace nearside::attest
