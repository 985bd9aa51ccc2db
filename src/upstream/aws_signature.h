// Amazon's Signature Version 4. Source: "Signature Version 4 signing process" in the AWS General
// Reference; the tests' figures are its published examples.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace nearside::upstream {

struct AwsCredentials {
  std::string_view access_key_id;
  std::string_view secret_access_key;
  std::string_view session_token;  // empty: none
};

/// What is signed. `path` as it stands in the URL, encoded once.
struct AwsRequest {
  std::string_view method = "POST";
  std::string_view host;
  std::string_view path = "/";
  std::string_view query;  // canonical already
  std::string_view body;
  std::string_view region;
  std::string_view service;
  bool names_body_hash = true;  // in x-amz-content-sha256, so that proxies can check it
};

/// The headers to add: x-amz-date, x-amz-content-sha256, x-amz-security-token when there is one,
/// and authorization. `signed_headers` are further headers to sign, with lower-case names.
http::Headers sign_aws(const AwsRequest& request, const http::Headers& signed_headers,
                       const AwsCredentials& credentials, base::WallTime now);

}  // namespace nearside::upstream
