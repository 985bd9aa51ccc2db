// Where servers are, by name: asked once for all that wait, remembered for a while.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace nearside::http {

/// On the loop's thread. The system's resolver blocks a thread of Asio's, one name at a time: an
/// answer is good for a minute, so a dead name server holds up what is new only.
class Names : public std::enable_shared_from_this<Names> {
 public:
  using Endpoint = boost::asio::ip::tcp::endpoint;
  /// In the order to try them; without an error there is one at least.
  using Found =
      std::function<void(boost::system::error_code error, const std::vector<Endpoint>& endpoints)>;

  explicit Names(boost::asio::io_context& context) : resolver_(context) {}

  /// Calls `found` once, at once when it is known or `host` is an address.
  void find(const std::string& host, std::uint16_t port, Found found);
  /// Forgets who waits.
  void close();

 private:
  struct Known {
    std::vector<Endpoint> endpoints;
    std::chrono::steady_clock::time_point until;
  };

  void answered(const std::string& name, boost::system::error_code error,
                const boost::asio::ip::tcp::resolver::results_type& results);

  boost::asio::ip::tcp::resolver resolver_;
  std::unordered_map<std::string, Known> known_;
  std::unordered_map<std::string, std::vector<Found>> asked_;
};

}  // namespace nearside::http
