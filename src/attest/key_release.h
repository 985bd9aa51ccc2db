// Giving a key to a machine that has shown what it is: request, challenge, attestation, response.
//
//   machine                                         releaser
//   request {key}                             ->
//                                             <-    challenge {key, nonce}
//   attestation {nonce, ephemeral, evidence}  ->    evidence made for hash(nonce, key, ephemeral)?
//                                             <-    response {ephemeral, wrapped key}
//
// The evidence is made for the hash of this nonce, this key's name and this machine's ephemeral
// key, so that it can neither be shown again, nor for another key, nor by somebody in the middle
// who brings an ephemeral key of their own. The wrapped key opens with the ephemeral key that was
// attested and nothing else. Messages are JSON texts; how they travel is the caller's business, and
// nothing here depends on it: who changes, keeps back or repeats a message gets no key. The machine
// need not know the releaser: a key that is not the right one does not open the file it is for
// (sealed files commit to their keys).
//
// Source: the background-check model of RFC 9334; the exchange of the Trustee project's KBS
// protocol.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "attest/evidence.h"
#include "attest/release_policy.h"
#include "base/clock.h"
#include "base/result.h"
#include "trust/ephemeral_key.h"
#include "trust/secret_bytes.h"

namespace nearside::attest {

inline constexpr std::size_t kReleaseMessageBytesMax = 2U << 20;
inline constexpr std::size_t kKeyNameBytesMax = 256;

/// The machine's side of one exchange. Not thread-safe.
class KeyRequest {
 public:
  /// Makes evidence for 32 bytes: a quote with them as nonce, a report with them as report data.
  using Attester = std::function<base::Result<Evidence>(std::string_view report_data)>;

  explicit KeyRequest(std::string key_name)
      : key_name_(std::move(key_name)), ephemeral_(trust::EphemeralKey::generate()) {}

  [[nodiscard]] std::string request() const;
  /// Errors: kCorrupt (no challenge, or for another key), and the attester's.
  base::Result<std::string> attestation(std::string_view challenge, const Attester& attester);
  /// Errors: kPermission (the response is not for this exchange, or was changed), kCorrupt.
  [[nodiscard]] base::Result<trust::SecretBytes> open(std::string_view response) const;

 private:
  std::string key_name_;
  trust::EphemeralKey ephemeral_;
  std::string nonce_;  // of the challenge that was answered
};

struct ReleaserOptions {
  /// From challenge to attestation: making evidence takes a TPM about a second.
  std::chrono::seconds patience{60};
  /// Challenges that wait for their attestation; then the oldest is forgotten. About 200 bytes
  /// each.
  std::size_t waiting_max = 10'000;
};

/// What came of an exchange, for the records.
struct Released {
  std::string response;
  std::string key_name;
  Admitted admitted;
};

/// The key holder's side. Thread-safe.
class KeyReleaser {
 public:
  /// The key of that name, for machines that this policy lets in. Errors: kNotFound.
  using Keys = std::function<base::Result<trust::SecretBytes>(std::string_view key_name)>;

  /// `clock` outlives it.
  KeyReleaser(ReleasePolicy policy, Keys keys, const base::Clock& clock,
              ReleaserOptions options = {});

  /// Asks for evidence; says nothing of whether the key exists. Errors: kCorrupt.
  base::Result<std::string> challenge(std::string_view request);
  /// Each nonce is good for one attestation, right or wrong. Errors: kPermission (a nonce that is
  /// unknown, used or too old; evidence that does not satisfy the policy: why), kNotFound (the
  /// key; told only to who was let in), kCorrupt.
  base::Result<Released> release(std::string_view attestation);

 private:
  struct Waiting {
    std::string key_name;
    base::SteadyTime since;
  };
  base::Result<std::string> take_nonce(const std::string& nonce);

  const ReleasePolicy policy_;
  const Keys keys_;
  const base::Clock& clock_;
  const ReleaserOptions options_;
  std::mutex mutex_;                        // guards waiting_
  std::map<std::string, Waiting> waiting_;  // by nonce
};

}  // namespace nearside::attest
