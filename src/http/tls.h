// The server's side of TLS 1.3: certificate and key from files, clients' certificates on demand,
// and new files taken up while connections go on.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boost::asio::ssl {
class context;
}

namespace nearside::http {

struct TlsFiles {
  std::string certificate_file;  // PEM: the server's own, then those between it and its root
  std::string key_file;          // PEM, not encrypted
  std::string client_ca_file{};  // PEM: who certifies clients; "" asks no client for a certificate
  /// With client_ca_file: whether a client without a certificate is turned away. One with a wrong
  /// certificate always is.
  bool client_certificate_required = true;
};

/// Nothing older than TLS 1.3 is spoken: no choice of ciphers that could be chosen wrongly. No
/// session is resumed: each connection is checked against the files as they are, so that an
/// authority that was removed is refused at once.
///
/// Thread-safe. Connections keep the files with which they began.
class Tls {
 public:
  /// Errors, each with the file's name: kNotFound, kIo, kInvalidArgument (no PEM, a key that is not
  /// the certificate's, an encrypted key, a certificate that has expired or is not valid yet, or
  /// that is too weak).
  static base::Result<std::shared_ptr<Tls>> open(TlsFiles files);

  /// Reads the files again; new connections are served by them. Errors: as open, and then
  /// everything stays as it was.
  base::Status reload();
  /// The same if a file differs from when it was read, by its time, size or inode. True: new files
  /// were taken. A broken pair (one of two files already replaced) is told once.
  base::Result<bool> reload_if_changed();

  /// Of the certificate in use, for logs: "CN=node7.example, until 2027-01-31".
  [[nodiscard]] std::string description() const;
  [[nodiscard]] const TlsFiles& files() const { return files_; }

  /// For this room.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> context() const;

 private:
  explicit Tls(TlsFiles files) : files_(std::move(files)) {}
  [[nodiscard]] std::string stamps() const;

  const TlsFiles files_;
  mutable std::mutex mutex_;  // guards all below
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::string description_;
  std::string stamps_;  // of the files when they were last read, in vain or not
};

}  // namespace nearside::http
