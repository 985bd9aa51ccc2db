#include "http/plain_driver.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>

#include "base/check.h"

namespace nearside::http {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

// Firewalls forget a quiet connection without a word, and a call on it would wait for its timeout.
// Servers close theirs after about as long (nginx: 75 s), which shows.
constexpr std::chrono::seconds kIdleFor{60};

}  // namespace

PlainDriver::PlainDriver(asio::io_context& context, const ClientOptions& options, CallBound& calls)
    : context_(context),
      idle_max_(options.idle_connections_max),
      calls_(calls),
      names_(std::make_shared<Names>(context)),
      deadlines_(context, [this](DeadlineTimer::Time now) { return end_late_ones(now); }) {}

PlainDriver::~PlainDriver() { CHECK(closed_); }

void PlainDriver::close() {
  closed_ = true;
  deadlines_.cancel();
  names_->close();
  for (const auto& call : running_) call->stop();
  calls_.give_back(running_.size());
  running_.clear();
  for (const auto& connection : idle_) connection->close();
  idle_.clear();
}

void PlainDriver::begin(std::shared_ptr<PlainCall> call) {
  if (context_.get_executor().running_in_this_thread()) return start(std::move(call));
  asio::post(context_, [self = shared_from_this(), call = std::move(call)]() mutable {
    self->start(std::move(call));
  });
}

void PlainDriver::post_remove(std::shared_ptr<PlainCall> call) {
  asio::post(context_, [self = shared_from_this(), call = std::move(call)] {
    const bool runs = call->place < self->running_.size() && self->running_[call->place] == call;
    if (!runs) return;
    call->stop();
    self->ended(*call);
  });
}

void PlainDriver::start(std::shared_ptr<PlainCall> call) {
  if (closed_ || call->over()) return;  // cancelled before it began
  base::Status ready = call->prepare();
  if (ready) ready = calls_.take();
  if (!ready)
    return asio::post(context_, [self = shared_from_this(), call, ready = std::move(ready)] {
      if (!self->closed_) call->end(ready);
    });
  call->place = running_.size();
  running_.push_back(call);
  call->start(*this);
}

void PlainDriver::ended(PlainCall& call) {
  running_.back()->place = call.place;
  std::swap(running_[call.place], running_.back());
  running_.pop_back();
  calls_.give_back();
}

std::shared_ptr<PlainConnection> PlainDriver::take_idle(std::string_view origin) {
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [origin](const auto& connection) {
    return connection->origin() == origin;
  });
  if (found == idle_.rend()) return nullptr;
  auto connection = std::move(*found);
  idle_.erase(std::prev(found.base()));
  if (steady_clock::now() - connection->idle_since <= kIdleFor) return connection;
  connection->close();
  return take_idle(origin);  // closes the others, which are older
}

void PlainDriver::keep(std::shared_ptr<PlainConnection> connection) {
  connection->idle_since = steady_clock::now();
  connection->use(*this);
  idle_.push_back(std::move(connection));
  if (idle_.size() <= idle_max_) return;
  idle_.front()->close();
  idle_.erase(idle_.begin());
}

void PlainDriver::on_read(PlainConnection& connection, boost::system::error_code) {
  connection.close();
  std::erase_if(idle_, [&](const auto& idle) { return idle.get() == &connection; });
}

DeadlineTimer::Time PlainDriver::end_late_ones(DeadlineTimer::Time now) {
  std::vector<std::shared_ptr<PlainCall>> late;
  for (const auto& call : running_)
    if (call->due() <= now) late.push_back(call);
  for (const auto& call : late) call->give_up(now);
  auto next = DeadlineTimer::Time::max();
  for (const auto& call : running_) next = std::min(next, call->due());
  return next;
}

}  // namespace nearside::http
