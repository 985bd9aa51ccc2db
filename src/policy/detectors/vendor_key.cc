// Keys without a shape of their own, given to a name in which their issuer stands.
#include <algorithm>
#include <string>

#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

// Source: the keywords of the gitleaks rule index, as far as a rule rests on the vendor's name.
constexpr std::string_view kVendors =
    "adafruit|adobe|airtable|algolia|alibaba|aliyun|artifactory|asana|atlassian|auth0|aws|azure|"
    "beamer|"
    "bintray|bitbucket|bittrex|bundle_(?:enterprise|gems)__contribsys__com|cloudflare|codecov|"
    "cohere|co_api|coinbase|"
    "confluence|confluent|contentful|datadog|discord|droneci|dropbox|duffel|etsy|facebook|fastly|"
    "finicity|finnhub|flickr|"
    "freemius|freshbooks|gcp|gitter|gocardless|google|heroku|hubspot|intercom|intra|jfrog|jira|"
    "kraken|kucoin|"
    "launchdarkly|linear|linked[_-]?in|lob|looker|mailchimp|mailgun|mapbox|mattermost|maxmind|"
    "meraki|message[_-]?bird|netlify|new[_-]?relic|npm|nuget|nytimes|new-?york-?times|okta|openai|"
    "plaid|"
    "private[_-]?ai|rapidapi|sendbird|sentry|shopify|slack|snyk|sonar|sourcegraph|square|"
    "squarespace|stripe|sumo|telegr|travis|twilio|twitch|twitter|xray|yandex|zendesk|secret_key";

constexpr std::size_t kValueBytesMin = 14;
constexpr std::size_t kValueBytesMax = 300;

bool in_value(char c) {
  return is_base64url(c) || std::string_view("+/=.~!%:").find(c) != std::string_view::npos;
}

/// Where the value begins that is given to the name around `from`; npos if none is given. After the
/// vendor: the rest of the name, a closing quote or bracket, a sign, an opening quote.
std::size_t value_of_name(std::string_view text, std::size_t from) {
  const auto skip = [&](std::size_t i, std::size_t most, std::string_view which, bool alnum) {
    const std::size_t begin = i;
    while (i - begin < most && i < text.size() &&
           ((alnum && is_alnum(text[i])) || which.find(text[i]) != std::string_view::npos))
      ++i;
    return i;
  };
  constexpr std::size_t kNameBytesMax = 32;
  std::size_t i = skip(from, kNameBytesMax, "_ .-", true);
  i = skip(i, 2, "\"']", false);
  i = skip(i, 3, " \t", false);
  const std::size_t sign = i;
  for (const std::string_view one : {"=>", ":=", "=", ":", ","})
    if (text.substr(i).starts_with(one)) {
      i += one.size();
      break;
    }
  if (i == sign) return std::string_view::npos;
  i = skip(i, 3, " \t", false);
  return skip(i, 2, "\"'`", false);
}

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  const std::size_t begin = value_of_name(text, match.end);
  if (begin == std::string_view::npos || !is_alnum(at(text, begin))) return std::nullopt;
  std::size_t end = begin;
  while (end < text.size() && end - begin <= kValueBytesMax && in_value(text[end])) ++end;
  const std::string_view value = text.substr(begin, end - begin);
  // Bundler's credentials are two words of eight hex digits.
  const bool pair = value.size() == 17 && value[8] == ':';
  if (value.size() > kValueBytesMax || (value.size() < kValueBytesMin && !pair))
    return std::nullopt;
  if (value.find("://") != std::string_view::npos || at(text, end) == '(') return std::nullopt;
  const auto digits = std::count_if(value.begin(), value.end(), is_digit);
  const auto letters = std::count_if(value.begin(), value.end(), is_letter);
  constexpr double kEntropyMin = 3.0;  // random hex of 16 digits has about 3.2, words less
  if (digits < 2 || letters + digits < 12 || entropy_bits(value) < kEntropyMin) return std::nullopt;
  return Span{begin, end};
}

}  // namespace

Detector vendor_key_detector() {
  return {"vendor_key",
          "secret",
          Sensitivity::kRestricted,
          {{"(?:" + std::string(kVendors) + ")", true}},
          find};
}

}  // namespace nearside::policy
