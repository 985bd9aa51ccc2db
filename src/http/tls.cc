#include "http/tls.h"

#include <ctime>
#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/file.h"

namespace nearside::http {

using base::Code;
using base::fail;
namespace ssl = boost::asio::ssl;

namespace {

// A chain of some certificates, or the authorities of a company.
constexpr std::size_t kPemBytesMax = 1U << 20;

/// What OpenSSL says was wrong; empties its queue, or the next call would be told of it too.
std::string openssl_reason() {
  std::string reason;
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error())
    if (const char* text = ERR_reason_error_string(code); text != nullptr) reason = text;
  return reason.empty() ? "OpenSSL gives no reason" : reason;
}

/// "2027-01-31".
std::string day(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable day";
  char text[16];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

std::string name_of(const X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

base::Status check_dates(const X509* certificate, const std::string& file) {
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    return fail(Code::kInvalidArgument,
                "the certificate in {} expired on {}; clients would refuse it: get a new one", file,
                day(X509_get0_notAfter(certificate)));
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
    return fail(Code::kInvalidArgument,
                "the certificate in {} is valid from {} only; check this machine's clock", file,
                day(X509_get0_notBefore(certificate)));
  return {};
}

/// Read by us first: OpenSSL's own words for a missing file name no file.
base::Status readable(const std::string& file, std::string_view what) {
  auto content = base::read_file(file, kPemBytesMax);
  if (!content) return std::move(content).error().with_context(std::string(what));
  return {};
}

base::Status use_certificate(SSL_CTX* context, const TlsFiles& files) {
  TRY(readable(files.certificate_file, "the certificate of this server"));
  TRY(readable(files.key_file, "the key of this server"));
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate_file.c_str()) != 1)
    return fail(Code::kInvalidArgument, "{} holds no usable certificate (PEM): {}",
                files.certificate_file, openssl_reason());
  if (SSL_CTX_use_PrivateKey_file(context, files.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(Code::kInvalidArgument,
                "{} holds no usable private key (PEM, not encrypted) for the certificate in {}: {}",
                files.key_file, files.certificate_file, openssl_reason());
  return check_dates(SSL_CTX_get0_certificate(context), files.certificate_file);
}

base::Status ask_clients(SSL_CTX* context, const TlsFiles& files) {
  if (files.client_ca_file.empty()) return {};
  TRY(readable(files.client_ca_file, "the authorities of clients"));
  // The names are sent along, so that a client with several certificates can choose.
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(files.client_ca_file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, files.client_ca_file.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return fail(Code::kInvalidArgument, "{} holds no certificate of an authority (PEM): {}",
                files.client_ca_file, openssl_reason());
  }
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(
      context,
      SSL_VERIFY_PEER | (files.client_certificate_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
      nullptr);
  return {};
}

struct Loaded {
  std::shared_ptr<ssl::context> context;
  std::string description;
};

base::Result<Loaded> load(const TlsFiles& files) {
  ERR_clear_error();
  boost::system::error_code error;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const handle = context->native_handle();
  SSL_CTX_set_min_proto_version(handle, TLS1_3_VERSION);
  SSL_CTX_set_options(handle, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(handle, 0);
  TRY(use_certificate(handle, files));
  TRY(ask_clients(handle, files));
  const X509* own = SSL_CTX_get0_certificate(handle);
  return Loaded{std::move(context),
                fmt::format("{}, until {}", name_of(own), day(X509_get0_notAfter(own)))};
}

std::string stamp(const std::string& file) {
  struct stat status {};
  if (file.empty() || ::stat(file.c_str(), &status) != 0) return "-";
  return fmt::format("{}.{}.{}.{}", status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size,
                     status.st_ino);
}

}  // namespace

base::Result<std::shared_ptr<Tls>> Tls::open(TlsFiles files) {
  std::shared_ptr<Tls> tls(new Tls(std::move(files)));
  TRY(tls->reload());
  return tls;
}

base::Status Tls::reload() {
  const std::string now = stamps();
  auto loaded = load(files_);
  const std::scoped_lock lock(mutex_);
  stamps_ = now;
  if (!loaded) return std::move(loaded).error();
  context_ = std::move(loaded->context);
  description_ = std::move(loaded->description);
  return {};
}

base::Result<bool> Tls::reload_if_changed() {
  {
    const std::string now = stamps();
    const std::scoped_lock lock(mutex_);
    if (now == stamps_) return false;
  }
  TRY(reload());
  return true;
}

std::string Tls::description() const {
  const std::scoped_lock lock(mutex_);
  return description_;
}

std::shared_ptr<ssl::context> Tls::context() const {
  const std::scoped_lock lock(mutex_);
  return context_;
}

std::string Tls::stamps() const {
  return stamp(files_.certificate_file) + " " + stamp(files_.key_file) + " " +
         stamp(files_.client_ca_file);
}

}  // namespace nearside::http
