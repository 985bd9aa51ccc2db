#include "http/curl_transfer.h"

#include <string>
#include <utility>

#include "base/check.h"

namespace nearside::http {
namespace {

using base::Code;
using base::fail;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() &&
         (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

CurlTransfer::CurlTransfer(ClientRequest request, ClientSink sink, const ClientOptions& options)
    : Transfer(std::move(request), std::move(sink)), options_(options), handle_(curl_easy_init()) {
  CHECK(handle_ != nullptr);
}

base::Status CurlTransfer::prepare() {
  CURL* handle = handle_.get();
  const ClientRequest& request = this->request();
  const auto set = [handle](CURLoption option, auto value) {
    CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK);
  };
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.timeouts.connect.count()));
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  if (!options_.proxy.empty())
    set(CURLOPT_PROXY, options_.proxy.c_str());
  else if (!options_.proxy_from_environment)
    set(CURLOPT_PROXY, "");
  prepare_tls();

  if (request.url.find_first_of("\r\n ") != std::string::npos ||
      curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str()) != CURLE_OK)
    return fail(Code::kInvalidArgument, "'{}' is not a URL", request.url);
  TRY(check_lines());
  if (sends_body()) {
    set(CURLOPT_POST, 1L);
    // libcurl's own PUT wants to read from a callback; the body is here already.
    if (request.method != "POST") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
  } else if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  const auto add = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(header_list_.get(), line.c_str());
    CHECK(longer != nullptr);
    static_cast<void>(header_list_.release());
    header_list_.reset(longer);
  };
  for (const Header& header : request.headers) {
    // An empty value needs libcurl's own spelling, or the header would be dropped.
    add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  // A round trip to ask whether the body is welcome costs more than sending it.
  add("Expect:");
  set(CURLOPT_HTTPHEADER, header_list_.get());

  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  return {};
}

void CurlTransfer::prepare_tls() {
  CURL* handle = handle_.get();
  const ClientTls& tls = request().tls;
  const auto set = [handle](CURLoption option, const char* value) {
    CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK);
  };
  // The system's authorities stay trusted unless told otherwise: they come from libcurl's default
  // folder (CURLOPT_CAPATH).
  if (tls.ca_only) {
    set(CURLOPT_CAINFO, nullptr);
    set(CURLOPT_CAPATH, nullptr);
  }
  if (!tls.ca_file.empty()) set(CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.certificate_file.empty()) set(CURLOPT_SSLCERT, tls.certificate_file.c_str());
  if (!tls.key_file.empty()) set(CURLOPT_SSLKEY, tls.key_file.c_str());
  if (!tls.pinned_key.empty()) set(CURLOPT_PINNEDPUBLICKEY, tls.pinned_key.c_str());
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (!transfer.count_head(size * count)) return 0;
  transfer.take_header({data, size * count});
  return size * count;
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  return transfer.take_body({data, size * count}) ? size * count : 0;
}

void CurlTransfer::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    headers_.clear();
    return;
  }
  line = trim(line);
  if (!line.empty()) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos)
      headers_.push_back(
          {std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))});
    return;
  }
  long status = 0;
  curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) return;  // 100 Continue and the like: the real head follows
  take_head(static_cast<int>(status), headers_);
}

base::Status CurlTransfer::describe(CURLcode outcome) const {
  const std::string_view detail =
      error_[0] != '\0' ? std::string_view(error_) : std::string_view(curl_easy_strerror(outcome));
  if (outgrown()) return too_large();
  switch (outcome) {
    case CURLE_OK:
      return {};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fail(Code::kInvalidArgument, "'{}' is not a URL this program can call: {}",
                  request().url, detail);
    case CURLE_OPERATION_TIMEDOUT:
      return not_connected_in_time();
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return not_connected(detail);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return fail(Code::kUnavailable, "the server's key is not the pinned one");
    case CURLE_SSL_CERTPROBLEM:
      return fail(Code::kUnavailable, "the client certificate {} cannot be used: {}",
                  request().tls.certificate_file, detail);
    case CURLE_SSL_CACERT_BADFILE:
      return fail(Code::kUnavailable, "the authorities in {} cannot be used: {}",
                  request().tls.ca_file, detail);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return fail(Code::kUnavailable, "the server's identity could not be verified: {}", detail);
    default:
      return broken(detail);
  }
}

}  // namespace nearside::http
