#include "trust/tpm_key.h"

#include <algorithm>
#include <array>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <tss2/tss2_mu.h>

#include "base/check.h"
#include "trust/openssl_handle.h"

namespace nearside::trust {

using base::Code;
using base::fail;

namespace {

using BignumHandle = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using EcdsaHandle = std::unique_ptr<ECDSA_SIG, OpensslFree<ECDSA_SIG_free>>;

constexpr UINT16 kCoordinateBytes = 32;  // of P-256

void copy_coordinate(const PublicKey& key, const char* name, TPM2B_ECC_PARAMETER& out) {
  BIGNUM* number = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key.handle(), name, &number) == 1);
  const BignumHandle owned(number);
  out.size = kCoordinateBytes;
  CHECK(BN_bn2binpad(number, out.buffer, kCoordinateBytes) == kCoordinateBytes);
}

std::string_view view(const BYTE* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

TPM2B_PUBLIC tpm_public_of(const PublicKey& key) {
  CHECK(key.kind() == KeyKind::kP256);
  TPM2B_PUBLIC result{};
  TPMT_PUBLIC& area = result.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_USERWITHAUTH;
  area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
  area.parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
  area.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
  area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  copy_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X, area.unique.ecc.x);
  copy_coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y, area.unique.ecc.y);
  return result;
}

std::string tpm_key_name(const PublicKey& key) {
  const TPM2B_PUBLIC description = tpm_public_of(key);
  std::array<BYTE, sizeof(TPMT_PUBLIC)> buffer{};
  std::size_t used = 0;
  CHECK(Tss2_MU_TPMT_PUBLIC_Marshal(&description.publicArea, buffer.data(), buffer.size(), &used) ==
        0);
  const Sha256 digest = sha256(view(buffer.data(), used));
  std::string name("\x00\x0b", 2);  // SHA-256
  name.append(digest.begin(), digest.end());
  return name;
}

base::Result<PublicKey> public_key_of(const TPMT_PUBLIC& area) {
  if (area.type == TPM2_ALG_RSA) {
    const UINT32 exponent = area.parameters.rsaDetail.exponent;
    return PublicKey::from_rsa(view(area.unique.rsa.buffer, area.unique.rsa.size),
                               exponent == 0 ? 65537 : exponent);
  }
  if (area.type != TPM2_ALG_ECC) return fail(Code::kUnsupported, "a TPM key of another algorithm");
  KeyKind kind = KeyKind::kP256;
  std::size_t size = kCoordinateBytes;
  if (area.parameters.eccDetail.curveID == TPM2_ECC_NIST_P384) {
    kind = KeyKind::kP384;
    size = 48;
  } else if (area.parameters.eccDetail.curveID != TPM2_ECC_NIST_P256) {
    return fail(Code::kUnsupported, "a TPM key on another curve than P-256 and P-384");
  }
  // TPMs may drop leading zeros.
  const auto padded = [size](const TPM2B_ECC_PARAMETER& number) {
    const std::size_t length = std::min<std::size_t>(number.size, size);
    return std::string(size - length, '\0').append(view(number.buffer, length));
  };
  return PublicKey::from_point(kind, padded(area.unique.ecc.x), padded(area.unique.ecc.y));
}

base::Result<TPMT_SIGNATURE> tpm_signature_of(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const EcdsaHandle parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (parsed == nullptr) {
    static_cast<void>(openssl_error());
    return fail(Code::kCorrupt, "not an ECDSA signature");
  }
  TPMT_SIGNATURE signature{};
  signature.sigAlg = TPM2_ALG_ECDSA;
  signature.signature.ecdsa.hash = TPM2_ALG_SHA256;
  const auto copy = [](const BIGNUM* number, TPM2B_ECC_PARAMETER& out) {
    out.size = kCoordinateBytes;
    return BN_bn2binpad(number, out.buffer, kCoordinateBytes) == kCoordinateBytes;
  };
  if (!copy(ECDSA_SIG_get0_r(parsed.get()), signature.signature.ecdsa.signatureR) ||
      !copy(ECDSA_SIG_get0_s(parsed.get()), signature.signature.ecdsa.signatureS))
    return fail(Code::kCorrupt, "not a P-256 signature");
  return signature;
}

}  // namespace nearside::trust
