// Verifies a signed model: who signed, and what differs from what was signed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "package/bundle.h"
#include "package/manifest.h"
#include "trust/certificate.h"
#include "trust/public_key.h"

namespace nearside::package {

/// Somebody whose models are wanted: a key, or authorities and the name they must have certified.
struct Signer {
  std::string name;  // for reports and configuration
  std::optional<trust::PublicKey> key;
  std::vector<trust::Certificate> roots;
  std::string subject;  // of the leaf, RFC 2253; "" accepts everyone whom the roots certify
};

enum class DifferenceKind {
  kMissing,    // signed, but not there
  kExtra,      // there, but not signed
  kChanged,    // other bytes than were signed
  kSymlink,    // a link, or a path through one
  kTraversal,  // the signature names a path outside the model
  kSpecial,    // a pipe, socket or device
};

const char* difference_kind_name(DifferenceKind kind);

struct Difference {
  DifferenceKind kind;
  std::string path;
};

/// A signature that holds: made by `signer` over `manifest`.
struct Signed {
  std::string signer;   // its name
  std::string subject;  // of the certificate; "" with a key
  Method method = Method::kKey;
  Manifest manifest;
};

struct Report {
  Signed signature;
  std::size_t files = 0;  // compared
  std::uint64_t bytes = 0;
  std::vector<Difference> differences;  // empty: the model is what was signed
};

/// Checks the signature against each signer in turn. Certificates must have been valid when the
/// leaf became so: a model outlives its signer's certificate, and there is no timestamp to ask.
/// Errors: kPermission (no signer fits; the certificate may not sign or does not follow from the
/// roots; the signature does not hold), kUnsupported (method sigstore), and those of
/// parse_statement.
base::Result<Signed> verify_signature(const Bundle& bundle, std::span<const Signer> signers);

/// Compares the model at `path` with a manifest; `signature_path` (relative to the folder, or "")
/// is not part of it. Errors: kIo, kNotFound, kTooLarge.
base::Result<Report> compare_model(const std::string& path, const std::string& signature_path,
                                   Signed signature);

/// Both: reads the signature from `signature_file`. A folder whose signature is over one unnamed
/// file must hold that file alone.
base::Result<Report> verify_model(const std::string& path, const std::string& signature_file,
                                  std::span<const Signer> signers);

}  // namespace nearside::package
