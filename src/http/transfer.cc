#include "http/transfer.h"

#include <algorithm>
#include <utility>

namespace nearside::http {

using base::Code;
using base::fail;
using std::chrono::steady_clock;

namespace {

constexpr std::string_view kEndsALine("\r\n\0", 3);

}  // namespace

Transfer::Transfer(ClientRequest request, ClientSink sink)
    : request_(std::move(request)), started_(steady_clock::now()), sink_(std::move(sink)) {}

bool Transfer::cancel() {
  const std::scoped_lock lock(delivery_);
  const bool was_running = !over_;
  over_ = true;
  return was_running;
}

bool Transfer::over() {
  const std::scoped_lock lock(delivery_);
  return over_;
}

bool Transfer::count_head(std::size_t bytes) {
  outgrown_ = outgrown_ || !has_room_for_head(bytes);
  head_bytes_ += bytes;
  return !outgrown_;
}

void Transfer::take_head(int status, const Headers& headers) {
  if (std::exchange(head_taken_, true)) return;
  const std::scoped_lock lock(delivery_);
  if (!over_ && sink_.on_head) sink_.on_head(status, headers);
}

bool Transfer::take_body(std::string_view bytes) {
  last_byte_ = steady_clock::now();
  body_bytes_ += bytes.size();
  outgrown_ = outgrown_ || body_bytes_ > request_.response_bytes_max;
  if (outgrown_) return false;
  const std::scoped_lock lock(delivery_);
  if (over_) return false;
  if (sink_.on_body) sink_.on_body(bytes);
  return !over_;
}

void Transfer::end(base::Status status) {
  const std::scoped_lock lock(delivery_);
  if (std::exchange(over_, true)) return;
  if (sink_.on_end) sink_.on_end(std::move(status));
}

steady_clock::time_point Transfer::deadline() const {
  const ClientTimeouts& timeouts = request_.timeouts;
  const auto quiet =
      body_bytes_ == 0 ? started_ + timeouts.first_byte : last_byte_ + timeouts.stall;
  return std::min(quiet, started_ + timeouts.total);
}

base::Status Transfer::late() const {
  const ClientTimeouts& timeouts = request_.timeouts;
  if (steady_clock::now() >= started_ + timeouts.total)
    return fail(Code::kDeadline, "the reply took longer than {} ms", timeouts.total.count());
  if (body_bytes_ == 0)
    return fail(Code::kDeadline, "no byte of the reply within {} ms", timeouts.first_byte.count());
  return fail(Code::kDeadline, "the reply stalled for {} ms", timeouts.stall.count());
}

base::Status Transfer::check_lines() const {
  if (request_.method.empty() || request_.method.find_first_of(kEndsALine) != std::string::npos ||
      request_.method.find(' ') != std::string::npos)
    return fail(Code::kInvalidArgument, "'{}' is not a method", request_.method);
  for (const Header& header : request_.headers)
    if (header.name.find_first_of(kEndsALine) != std::string::npos ||
        header.name.find(':') != std::string::npos ||
        header.value.find_first_of(kEndsALine) != std::string::npos)
      return fail(Code::kInvalidArgument, "the header '{}' has a line break in it", header.name);
  return {};
}

bool Transfer::sends_body() const {
  return request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
}

base::Error Transfer::not_connected(std::string_view detail) const {
  return fail(Code::kUnavailable, "cannot connect: {}", detail);
}

base::Error Transfer::not_connected_in_time() const {
  return fail(Code::kDeadline, "no connection within {} ms", request_.timeouts.connect.count());
}

base::Error Transfer::broken(std::string_view detail) const {
  return fail(Code::kUnavailable, "the connection broke before the reply was complete: {}", detail);
}

base::Error Transfer::too_large() const {
  return fail(Code::kTooLarge, "the reply is larger than {} bytes", request_.response_bytes_max);
}

}  // namespace nearside::http
