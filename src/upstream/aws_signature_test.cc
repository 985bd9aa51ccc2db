// Amazon's own signing examples (the Signature Version 4 test suite), and one of Bedrock's kind
// that was computed with Python's hmac.
#include "upstream/aws_signature.h"

#include <gtest/gtest.h>

namespace nearside::upstream {
namespace {

constexpr AwsCredentials kExample = {
    .access_key_id = "AKIDEXAMPLE",
    .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    .session_token = {}};
// 2015-08-30 12:36:00 UTC.
const base::WallTime kThen{std::chrono::seconds(1440938160)};

std::string signature(const AwsRequest& request, const http::Headers& headers = {},
                      const AwsCredentials& credentials = kExample) {
  const http::Headers added = sign_aws(request, headers, credentials, kThen);
  const std::string line(http::find_header(added, "authorization").value_or(""));
  const std::size_t at = line.find("Signature=");
  return at == std::string::npos ? line : line.substr(at + 10);
}

TEST(AwsSignature, AgreesWithThePublishedExamples) {
  AwsRequest request;
  request.host = "example.amazonaws.com";
  request.region = "us-east-1";
  request.service = "service";
  request.names_body_hash = false;
  request.method = "GET";
  EXPECT_EQ(signature(request), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  request.method = "POST";
  EXPECT_EQ(signature(request), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

TEST(AwsSignature, NamesTheHeadersItSigns) {
  AwsRequest request;
  request.host = "h";
  request.region = "eu-central-1";
  request.service = "bedrock";
  AwsCredentials session = kExample;
  session.session_token = "TOKEN";
  const http::Headers added =
      sign_aws(request, {{"content-type", "application/json"}}, session, kThen);
  EXPECT_EQ(http::find_header(added, "x-amz-date"), "20150830T123600Z");
  EXPECT_EQ(http::find_header(added, "x-amz-security-token"), "TOKEN");
  const std::string line(http::find_header(added, "authorization").value());
  EXPECT_NE(line.find("Credential=AKIDEXAMPLE/20150830/eu-central-1/bedrock/aws4_request"),
            std::string::npos);
  EXPECT_NE(line.find("SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;"
                      "x-amz-security-token"),
            std::string::npos);
}

TEST(AwsSignature, EncodesThePathOnceMore) {
  AwsRequest request;
  request.host = "bedrock-runtime.us-east-1.amazonaws.com";
  request.region = "us-east-1";
  request.service = "bedrock";
  request.path = "/model/a.b-v1%3A0/converse-stream";
  request.body = R"({"messages":[]})";
  EXPECT_EQ(signature(request, {{"content-type", "application/json"}}),
            "c99a529df2b41474548eda5d2262d9dd42a2608bc5bec1a20c9f861a7499aae2");
}

}  // namespace
}  // namespace nearside::upstream
