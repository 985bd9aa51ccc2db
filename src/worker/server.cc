#include "worker/server.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <poll.h>
#include <unistd.h>

#include "worker/protocol.h"
#include "worker/request_json.h"

namespace nearside::worker {

using base::Code;
using base::fail;

namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr int kWaitForever = -1;

class Server {
 public:
  Server(const base::UniqueFd& channel, engine::Engine& engine)
      : channel_(channel), engine_(engine) {}

  base::Status run() {
    bool busy = false;
    while (TRY(receive(busy))) {
      busy = engine_.step([this](RequestId id, chat::Event event) { tell(id, event); });
      // A long prompt takes many steps that have nothing to say; the gateway takes silence for a
      // worker that hangs.
      if (busy && events_.empty()) events_ = encode_alive();
      // One write for all that a step and the submissions before it produced.
      const base::Status sent = write_all(channel_, std::exchange(events_, {}));
      if (!sent) return {};  // the gateway is gone: the same as the end of the channel
    }
    return {};
  }

 private:
  /// Everything that has come so far, waiting only when not `busy`. False at the end.
  base::Result<bool> receive(bool busy) {
    for (bool wait = !busy;; wait = false) {
      pollfd readable{channel_.get(), POLLIN, 0};
      const int ready = ::poll(&readable, 1, wait ? kWaitForever : 0);
      if (ready < 0 && errno == EINTR) continue;
      if (ready < 0) return fail(Code::kIo, "cannot wait: {}", std::strerror(errno));
      if (ready == 0) return true;
      const ssize_t count = ::read(channel_.get(), chunk_.data(), chunk_.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == ECONNRESET) return false;
      if (count < 0) return fail(Code::kIo, "cannot read: {}", std::strerror(errno));
      if (count == 0) return false;
      reader_.append(std::span(chunk_).first(static_cast<std::size_t>(count)));
      while (const std::optional<Frame> frame = TRY(reader_.next())) TRY(obey(*frame));
    }
  }

  base::Status obey(const Frame& frame) {
    const ToWorker message = TRY(decode_to_worker(frame));
    if (const auto* cancel = std::get_if<Cancel>(&message)) {
      engine_.cancel(cancel->id);
      return {};
    }
    const auto& submit = std::get<Submit>(message);
    base::Status accepted = submit_to_engine(submit);
    if (!accepted) tell(submit.id, chat::Failed{std::move(accepted).error(), {}});
    return {};
  }

  base::Status submit_to_engine(const Submit& submit) {
    const chat::Request request = TRY(request_from_json(submit.request_json));
    return engine_.submit(submit.id, request);
  }

  void tell(RequestId id, const chat::Event& event) { events_ += encode_event(id, event); }

  const base::UniqueFd& channel_;
  engine::Engine& engine_;
  FrameReader reader_{kToWorkerBytesMax};
  std::array<char, kReadBytes> chunk_{};
  std::string events_;  // encoded, not yet sent
};

}  // namespace

base::Status serve(const base::UniqueFd& channel, engine::Engine& engine) {
  return std::make_unique<Server>(channel, engine)->run();
}

base::Status write_all(const base::UniqueFd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(Code::kIo, "cannot write: {}", std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace nearside::worker
