// Authorities and certificates as PEM files, made when a test needs them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/check.h"

namespace nearside::http {

/// A key and its certificate in files.
struct PemPair {
  std::string certificate_file;
  std::string key_file;
  /// "sha256//..." of its public key, as a client pins it.
  std::string pin;
};

struct CertificateWanted {
  std::string name = "localhost";             // common name
  std::string alternatives = "IP:127.0.0.1";  // subjectAltName; "" for none
  long valid_from_s = -3600;                  // from now
  long valid_for_s = 3600;                    // from now
};

/// An authority with a folder of its own, gone with it.
class AuthorityForTest {
 public:
  explicit AuthorityForTest(const std::string& name = "plant root") {
    std::string folder = (std::filesystem::temp_directory_path() / "nearside_pem_XXXXXX").string();
    CHECK(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    key_ = make_key();
    certificate_ = make(name, "", -3600, 7200, key_.get(), nullptr);
    write_certificate(file(), certificate_.get());
  }
  ~AuthorityForTest() { std::filesystem::remove_all(folder_); }
  AuthorityForTest(const AuthorityForTest&) = delete;
  AuthorityForTest& operator=(const AuthorityForTest&) = delete;

  [[nodiscard]] std::string file() const { return (folder_ / "authority.pem").string(); }
  [[nodiscard]] std::string folder() const { return folder_.string(); }

  /// Writes STEM.pem and STEM.key, over what is there.
  PemPair issue(const std::string& stem, const CertificateWanted& wanted = {}) {
    const Key key = make_key();
    const Certificate certificate = make(wanted.name, wanted.alternatives, wanted.valid_from_s,
                                         wanted.valid_for_s, key.get(), this);
    PemPair pair{(folder_ / (stem + ".pem")).string(), (folder_ / (stem + ".key")).string(),
                 pin_of(key.get())};
    write_certificate(pair.certificate_file, certificate.get());
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    write(pair.key_file, out.get());
    return pair;
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  using Certificate = std::unique_ptr<X509, Free>;

  static Key make_key() {
    Key key(EVP_EC_gen("P-256"));
    CHECK(key != nullptr);
    return key;
  }
  static std::string pin_of(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    unsigned char digest[32];
    unsigned char text[64];
    EVP_Digest(der, static_cast<std::size_t>(size), digest, nullptr, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    const int length = EVP_EncodeBlock(text, digest, sizeof digest);
    return "sha256//" + std::string(text, text + length);
  }
  static void write(const std::string& path, BIO* content) {
    char* text = nullptr;
    const long length = BIO_get_mem_data(content, &text);
    std::ofstream(path, std::ios::binary).write(text, length);
  }
  static void write_certificate(const std::string& path, X509* certificate) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509(out.get(), certificate);
    write(path, out.get());
  }

  /// By `issuer`; null: by itself, as an authority.
  static Certificate make(const std::string& name, const std::string& alternatives, long from_s,
                          long for_s, EVP_PKEY* key, const AuthorityForTest* issuer) {
    Certificate made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), issuer == nullptr ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), from_s);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), for_s);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509* const by = issuer == nullptr ? made.get() : issuer->certificate_.get();
    X509_set_issuer_name(made.get(), X509_get_subject_name(by));
    X509_set_pubkey(made.get(), key);
    extend(made.get(), NID_basic_constraints,
           issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!alternatives.empty()) extend(made.get(), NID_subject_alt_name, alternatives.c_str());
    CHECK(X509_sign(made.get(), issuer == nullptr ? key : issuer->key_.get(), EVP_sha256()) > 0);
    return made;
  }
  static void extend(X509* certificate, int kind, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }

  std::filesystem::path folder_;
  Key key_;
  Certificate certificate_;
};

}  // namespace nearside::http
