#include "http/wire.h"

namespace nearside::http {

std::string Wire::client_name() const {
  if (!stream_) return {};
  // native_handle() is not const, though asking changes nothing.
  SSL* const handle = const_cast<Stream&>(*stream_).native_handle();
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(handle),
                                                                &X509_free);
  if (!certificate || SSL_get_verify_result(handle) != X509_V_OK) return {};
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate.get()), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long length = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

}  // namespace nearside::http
