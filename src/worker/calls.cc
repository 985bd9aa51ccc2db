#include "worker/calls.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <sys/eventfd.h>
#include <unistd.h>

#include "worker/flight.h"
#include "worker/protocol.h"

namespace nearside::worker {

using base::Code;
using base::fail;
using engine::RequestId;

/// What start() hands out.
class Calls::Handle final : public chat::Call {
 public:
  Handle(std::shared_ptr<Calls> calls, std::shared_ptr<Flight> flight, RequestId id)
      : calls_(std::move(calls)), flight_(std::move(flight)), id_(id) {}
  ~Handle() override {
    flight_->close();
    calls_->drop(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

 private:
  std::shared_ptr<Calls> calls_;
  std::shared_ptr<Flight> flight_;
  RequestId id_;
};

base::Result<std::shared_ptr<Calls>> Calls::create(const CallLimits& limits, base::Error why) {
  base::UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid())
    return fail(Code::kIo, "cannot make an event descriptor: {}", std::strerror(errno));
  return std::shared_ptr<Calls>(new Calls(limits, std::move(wake), std::move(why)));
}

Calls::Calls(const CallLimits& limits, base::UniqueFd wake, base::Error why)
    : limits_(limits), wake_(std::move(wake)), closed_(std::move(why)) {}

std::unique_ptr<chat::Call> Calls::start(const chat::Request& request, chat::Sink sink) {
  const RequestId id = next_id_++;
  const auto flight = std::make_shared<Flight>(std::move(sink));
  base::Status queued = enqueue(request, id, flight);
  if (!queued) {
    const std::scoped_lock lock(mutex_);
    refusals_.push_back({flight, std::move(queued).error()});
  }
  wake();
  return std::make_unique<Handle>(shared_from_this(), flight, id);
}

base::Status Calls::enqueue(const chat::Request& request, RequestId id,
                            const std::shared_ptr<Flight>& flight) {
  const std::string frame = TRY(encode_submit(id, request));
  const std::scoped_lock lock(mutex_);
  if (closed_) return *closed_;
  if (flights_.size() >= limits_.in_flight_max)
    return fail(Code::kExhausted, "{} requests are under way, the most at once; try again later",
                flights_.size());
  if (!outgoing_.empty() && outgoing_.size() + frame.size() > limits_.outgoing_bytes_max)
    return fail(Code::kExhausted, "{} bytes of requests are waiting, the most; try again later",
                outgoing_.size());
  flights_.emplace(id, flight);
  outgoing_ += frame;
  return {};
}

void Calls::drop(RequestId id) {
  {
    const std::scoped_lock lock(mutex_);
    if (flights_.erase(id) == 0) return;  // it is over; the worker has forgotten it, too
    outgoing_ += encode_cancel(id);
  }
  wake();
}

std::size_t Calls::in_flight() const {
  const std::scoped_lock lock(mutex_);
  return flights_.size();
}

void Calls::wake() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the descriptor is readable anyway.
  static_cast<void>(!::write(wake_.get(), &one, sizeof(one)));
}

void Calls::clear_wake() {
  std::uint64_t count = 0;
  static_cast<void>(!::read(wake_.get(), &count, sizeof(count)));
}

void Calls::open() {
  const std::scoped_lock lock(mutex_);
  closed_.reset();
}

void Calls::refuse(base::Error why) {
  const std::scoped_lock lock(mutex_);
  closed_ = std::move(why);
}

void Calls::close(const base::Error& why) {
  std::map<RequestId, std::shared_ptr<Flight>> failed;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = why;
    failed.swap(flights_);
    outgoing_.clear();  // a later worker knows nothing of these requests
  }
  for (const auto& [id, flight] : failed) flight->deliver(chat::Failed{why, {}});
  deliver_refusals();
}

void Calls::deliver(RequestId id, chat::Event event) {
  const bool last =
      std::holds_alternative<chat::Finished>(event) || std::holds_alternative<chat::Failed>(event);
  std::shared_ptr<Flight> flight;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = flights_.find(id);
    if (found == flights_.end()) return;
    flight = found->second;
    if (last) flights_.erase(found);
  }
  flight->deliver(std::move(event));
}

void Calls::deliver_refusals() {
  std::vector<Refusal> refusals;
  {
    const std::scoped_lock lock(mutex_);
    refusals.swap(refusals_);
  }
  for (Refusal& refusal : refusals)
    refusal.flight->deliver(chat::Failed{std::move(refusal.why), {}});
}

std::string Calls::take_outgoing() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(outgoing_, {});
}

}  // namespace nearside::worker
