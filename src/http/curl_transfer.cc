#include "http/curl_transfer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace nearside::http {
namespace {

using base::Code;
using base::fail;
using std::chrono::steady_clock;

// Reply headers of more than this are an attack.
constexpr std::size_t kReplyHeaderBytesMax = 256U << 10;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() &&
         (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  return text;
}

}  // namespace

CurlTransfer::CurlTransfer(ClientRequest request, ClientSink sink, const ClientOptions& options)
    : request_(std::move(request)),
      options_(options),
      started_(steady_clock::now()),
      sink_(std::move(sink)),
      handle_(curl_easy_init()) {
  CHECK(handle_ != nullptr);
}

base::Status CurlTransfer::prepare() {
  CURL* handle = handle_.get();
  const auto set = [handle](CURLoption option, auto value) {
    CHECK(curl_easy_setopt(handle, option, value) == CURLE_OK);
  };
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.timeouts.connect.count()));
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  if (!options_.proxy.empty())
    set(CURLOPT_PROXY, options_.proxy.c_str());
  else if (!options_.proxy_from_environment)
    set(CURLOPT_PROXY, "");
  prepare_tls();

  if (request_.url.find_first_of("\r\n ") != std::string::npos ||
      curl_easy_setopt(handle, CURLOPT_URL, request_.url.c_str()) != CURLE_OK)
    return fail(Code::kInvalidArgument, "'{}' is not a URL", request_.url);
  if (request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH") {
    set(CURLOPT_POST, 1L);
    // libcurl's own PUT wants to read from a callback; the body is here already.
    if (request_.method != "POST") set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.data());
  } else if (request_.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request_.method != "GET") {
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }

  const auto add = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(header_list_.get(), line.c_str());
    CHECK(longer != nullptr);
    static_cast<void>(header_list_.release());
    header_list_.reset(longer);
  };
  for (const Header& header : request_.headers) {
    if (header.name.find_first_of("\r\n:") != std::string::npos ||
        header.value.find_first_of("\r\n") != std::string::npos)
      return fail(Code::kInvalidArgument, "the header '{}' has a line break in it", header.name);
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
  const ClientTls& tls = request_.tls;
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

bool CurlTransfer::cancel() {
  const std::scoped_lock lock(delivery_);
  const bool was_running = !over_;
  over_ = true;
  return was_running;
}

bool CurlTransfer::over() {
  const std::scoped_lock lock(delivery_);
  return over_;
}

void CurlTransfer::end(base::Status status) {
  const std::scoped_lock lock(delivery_);
  if (std::exchange(over_, true)) return;
  if (sink_.on_end) sink_.on_end(std::move(status));
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  transfer.header_bytes_ += size * count;
  if (transfer.header_bytes_ > kReplyHeaderBytesMax) {
    transfer.too_large_ = true;
    return 0;
  }
  transfer.take_header({data, size * count});
  return size * count;
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<CurlTransfer*>(self)->take_body({data, size * count}) ? size * count : 0;
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
  const std::scoped_lock lock(delivery_);
  if (!over_ && sink_.on_head) sink_.on_head(static_cast<int>(status), headers_);
}

bool CurlTransfer::take_body(std::string_view bytes) {
  last_byte_ = steady_clock::now();
  body_bytes_ += bytes.size();
  if (body_bytes_ > request_.response_bytes_max) {
    too_large_ = true;
    return false;
  }
  const std::scoped_lock lock(delivery_);
  if (over_) return false;
  if (sink_.on_body) sink_.on_body(bytes);
  return !over_;
}

base::Status CurlTransfer::describe(CURLcode outcome) const {
  const std::string_view detail =
      error_[0] != '\0' ? std::string_view(error_) : std::string_view(curl_easy_strerror(outcome));
  if (too_large_)
    return fail(Code::kTooLarge, "the reply is larger than {} bytes", request_.response_bytes_max);
  switch (outcome) {
    case CURLE_OK:
      return {};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fail(Code::kInvalidArgument, "'{}' is not a URL this program can call: {}",
                  request_.url, detail);
    case CURLE_OPERATION_TIMEDOUT:
      return fail(Code::kDeadline, "no connection within {} ms", request_.timeouts.connect.count());
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return fail(Code::kUnavailable, "cannot connect: {}", detail);
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return fail(Code::kUnavailable, "the server's key is not the pinned one");
    case CURLE_SSL_CERTPROBLEM:
      return fail(Code::kUnavailable, "the client certificate {} cannot be used: {}",
                  request_.tls.certificate_file, detail);
    case CURLE_SSL_CACERT_BADFILE:
      return fail(Code::kUnavailable, "the authorities in {} cannot be used: {}",
                  request_.tls.ca_file, detail);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
      return fail(Code::kUnavailable, "the server's identity could not be verified: {}", detail);
    default:
      return fail(Code::kUnavailable, "the connection broke before the reply was complete: {}",
                  detail);
  }
}

steady_clock::time_point CurlTransfer::deadline() const {
  const ClientTimeouts& timeouts = request_.timeouts;
  const auto quiet =
      body_bytes_ == 0 ? started_ + timeouts.first_byte : last_byte_ + timeouts.stall;
  return std::min(quiet, started_ + timeouts.total);
}

base::Status CurlTransfer::late() const {
  const ClientTimeouts& timeouts = request_.timeouts;
  if (steady_clock::now() >= started_ + timeouts.total)
    return fail(Code::kDeadline, "the reply took longer than {} ms", timeouts.total.count());
  if (body_bytes_ == 0)
    return fail(Code::kDeadline, "no byte of the reply within {} ms", timeouts.first_byte.count());
  return fail(Code::kDeadline, "the reply stalled for {} ms", timeouts.stall.count());
}

}  // namespace nearside::http
