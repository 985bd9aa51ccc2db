#include "upstream/aws_signature.h"

#include <algorithm>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "trust/sha256.h"
#include "upstream/json_call.h"

namespace nearside::upstream {
namespace {

std::string hex(const trust::Sha256& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

std::string_view bytes_of(const trust::Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// Source: RFC 2104; SHA-256 has blocks of 64 bytes.
trust::Sha256 hmac_sha256(std::string_view key, std::string_view text) {
  constexpr std::size_t kBlockBytes = 64;
  const trust::Sha256 hashed = trust::sha256(key);
  if (key.size() > kBlockBytes) key = bytes_of(hashed);
  std::string inner(kBlockBytes, '\x36');
  std::string outer(kBlockBytes, '\x5c');
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner[i] = static_cast<char>(inner[i] ^ key[i]);
    outer[i] = static_cast<char>(outer[i] ^ key[i]);
  }
  const trust::Sha256 first = trust::sha256(inner.append(text));
  return trust::sha256(outer.append(bytes_of(first)));
}

/// Every service but S3 signs a path that is encoded a second time.
std::string encoded_again(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    out += percent_encoded(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    out.push_back('/');
    path.remove_prefix(slash + 1);
  }
  return out;
}

}  // namespace

http::Headers sign_aws(const AwsRequest& request, const http::Headers& signed_headers,
                       const AwsCredentials& credentials, base::WallTime now) {
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  const std::tm utc = fmt::gmtime(std::chrono::system_clock::to_time_t(seconds));
  const std::string date = fmt::format("{:%Y%m%d}", utc);
  const std::string time = fmt::format("{:%Y%m%dT%H%M%SZ}", utc);
  const std::string body_hash = hex(trust::sha256(request.body));

  http::Headers added = {{"x-amz-date", time}};
  if (request.names_body_hash) added.push_back({"x-amz-content-sha256", body_hash});
  if (!credentials.session_token.empty())
    added.push_back({"x-amz-security-token", std::string(credentials.session_token)});

  http::Headers all = signed_headers;
  all.push_back({"host", std::string(request.host)});
  all.insert(all.end(), added.begin(), added.end());
  std::sort(all.begin(), all.end(),
            [](const http::Header& a, const http::Header& b) { return a.name < b.name; });
  std::string canonical_headers;
  std::string names;
  for (const http::Header& header : all) {
    canonical_headers += fmt::format("{}:{}\n", header.name, header.value);
    names += (names.empty() ? "" : ";") + header.name;
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, encoded_again(request.path),
                  request.query, canonical_headers, names, body_hash);
  const std::string scope =
      fmt::format("{}/{}/{}/aws4_request", date, request.region, request.service);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, hex(trust::sha256(canonical)));

  trust::Sha256 key = hmac_sha256(fmt::format("AWS4{}", credentials.secret_access_key), date);
  for (const std::string_view part :
       {request.region, request.service, std::string_view("aws4_request")})
    key = hmac_sha256(bytes_of(key), part);
  const std::string signature = hex(hmac_sha256(bytes_of(key), to_sign));
  added.push_back({"authorization",
                   fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                               credentials.access_key_id, scope, names, signature)});
  return added;
}

}  // namespace nearside::upstream
