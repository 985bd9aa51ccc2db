#include "http/names.h"

#include <utility>

#include <boost/asio/ip/address.hpp>

namespace nearside::http {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

// As libcurl does: shorter than a server takes to move.
constexpr std::chrono::seconds kKnownFor{60};
// A node calls a handful of servers; a caller that makes names up gains nothing.
constexpr std::size_t kKnownMax = 256;

}  // namespace

void Names::find(const std::string& host, std::uint16_t port, Found found) {
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) return found({}, {Endpoint(address, port)});

  const std::string service = std::to_string(port);
  const std::string name = host + ":" + service;
  if (const auto known = known_.find(name); known != known_.end()) {
    if (steady_clock::now() < known->second.until) {
      const std::vector<Endpoint> endpoints = known->second.endpoints;
      return found({}, endpoints);
    }
    known_.erase(known);
  }
  std::vector<Found>& waiting = asked_[name];
  waiting.push_back(std::move(found));
  if (waiting.size() > 1) return;
  resolver_.async_resolve(
      host, service, asio::ip::resolver_base::numeric_service,
      [weak = weak_from_this(), name](boost::system::error_code error, const auto& results) {
        if (const auto self = weak.lock()) self->answered(name, error, results);
      });
}

void Names::answered(const std::string& name, boost::system::error_code error,
                     const asio::ip::tcp::resolver::results_type& results) {
  auto waiting = asked_.extract(name);
  if (waiting.empty()) return;  // closed
  std::vector<Endpoint> endpoints;
  for (const auto& result : results) endpoints.push_back(result.endpoint());
  if (!error && endpoints.empty()) error = asio::error::host_not_found;
  if (!error) {
    if (known_.size() >= kKnownMax) known_.clear();
    known_[name] = {endpoints, steady_clock::now() + kKnownFor};
  }
  for (const Found& found : waiting.mapped()) found(error, endpoints);
}

void Names::close() {
  resolver_.cancel();
  asked_.clear();
}

}  // namespace nearside::http
