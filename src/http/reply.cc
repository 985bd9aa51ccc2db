#include "http/reply.h"

#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace nearside::http {
namespace {

/// One second's line is written once a thread.
void append_date(std::string& out) {
  thread_local std::time_t written_for = 0;
  thread_local char text[48];
  thread_local std::size_t length = 0;
  const std::time_t now = std::time(nullptr);
  if (now != written_for) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    length = std::strftime(text, sizeof text, "date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    written_for = now;
  }
  out.append(text, length);
}

class ReplyResponder final : public Responder {
 public:
  explicit ReplyResponder(std::shared_ptr<Reply> reply) : reply_(std::move(reply)) {}
  ~ReplyResponder() override { reply_->abandon(); }
  void send(Response response) override { reply_->send(std::move(response)); }
  void begin(int status, Headers headers) override { reply_->begin(status, headers); }
  bool write(std::string_view bytes) override { return reply_->write(bytes); }
  void finish() override { reply_->finish(); }
  void abort() override { reply_->abort(); }
  void on_gone(std::function<void()> gone) override { reply_->on_gone(std::move(gone)); }

 private:
  std::shared_ptr<Reply> reply_;
};

}  // namespace

std::unique_ptr<Responder> make_responder(std::shared_ptr<Reply> reply) {
  return std::make_unique<ReplyResponder>(std::move(reply));
}

Reply::Reply(ReplyFraming framing, std::function<void()> wake)
    : wake_(std::move(wake)), framing_(framing) {}

void Reply::wake_unless_pending() {
  if (!gone_ && !std::exchange(wake_pending_, true)) wake_();
}

std::string Reply::head(int status, const Headers& headers, std::string_view framing_header) const {
  std::string out =
      fmt::format("HTTP/1.1 {} {}\r\n{}", status, reason_phrase(status), framing_header);
  append_date(out);
  for (const Header& header : headers) {
    out.append(header.name).append(": ");
    // A control character inside a value would let its author write headers of their own.
    for (const char c : header.value) out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
    out.append("\r\n");
  }
  if (!framing_.keep_alive)
    out.append("connection: close\r\n");
  else if (framing_.http_1_0)
    out.append("connection: keep-alive\r\n");
  out.append("\r\n");
  return out;
}

void Reply::send(Response response) {
  const std::scoped_lock lock(mutex_);
  CHECK(!begun_ && end_ == End::kOpen);
  begun_ = true;
  end_ = framing_.keep_alive ? End::kKeep : End::kClose;
  gone_callback_ = nullptr;
  if (gone_) return;
  const std::string length = response.status == 204 || response.status < 200
                                 ? std::string()
                                 : fmt::format("content-length: {}\r\n", response.body.size());
  pending_ = head(response.status, response.headers, length);
  if (!framing_.head_only) pending_.append(response.body);
  wake_unless_pending();
}

void Reply::begin(int status, const Headers& headers) {
  const std::scoped_lock lock(mutex_);
  CHECK(!begun_ && end_ == End::kOpen);
  begun_ = true;
  if (framing_.http_1_0) framing_.keep_alive = false;
  pending_ = head(status, headers, framing_.http_1_0 ? "" : "transfer-encoding: chunked\r\n");
  wake_unless_pending();
}

bool Reply::write(std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  CHECK(begun_ && end_ == End::kOpen);
  if (gone_ || overflowed_) return false;
  if (bytes.empty() || framing_.head_only) return true;
  if (pending_.size() + bytes.size() > framing_.buffer_bytes_max) {
    overflowed_ = true;
    return false;
  }
  if (framing_.http_1_0) {
    pending_.append(bytes);
  } else {
    fmt::format_to(std::back_inserter(pending_), "{:x}\r\n", bytes.size());
    pending_.append(bytes).append("\r\n");
  }
  wake_unless_pending();
  return true;
}

void Reply::finish() {
  const std::scoped_lock lock(mutex_);
  CHECK(begun_ && end_ == End::kOpen);
  gone_callback_ = nullptr;
  if (overflowed_) {
    end_ = framing_.http_1_0 ? End::kReset : End::kCut;
  } else {
    if (!framing_.http_1_0 && !framing_.head_only) pending_.append("0\r\n\r\n");
    end_ = framing_.keep_alive ? End::kKeep : End::kClose;
  }
  wake_unless_pending();
}

void Reply::abort() {
  const std::scoped_lock lock(mutex_);
  if (end_ != End::kOpen) return;
  gone_callback_ = nullptr;
  end_ = framing_.http_1_0 ? End::kReset : End::kCut;
  wake_unless_pending();
}

void Reply::abandon() {
  bool begun = false;
  {
    const std::scoped_lock lock(mutex_);
    gone_callback_ = nullptr;
    if (end_ != End::kOpen) return;
    begun = begun_;
  }
  if (begun)
    abort();
  else
    send({500, {{"content-type", "text/plain"}}, "the server dropped this request\n"});
}

void Reply::on_gone(std::function<void()> gone) {
  {
    const std::scoped_lock lock(mutex_);
    if (!gone_) {
      gone_callback_ = std::move(gone);
      return;
    }
  }
  gone();
}

Reply::Taken Reply::take() {
  const std::scoped_lock lock(mutex_);
  wake_pending_ = false;
  return {std::exchange(pending_, {}), end_};
}

void Reply::client_gone() {
  std::function<void()> callback;
  {
    const std::scoped_lock lock(mutex_);
    gone_ = true;
    callback = std::exchange(gone_callback_, nullptr);
  }
  if (callback) callback();
}

void Reply::close_after() {
  const std::scoped_lock lock(mutex_);
  if (!begun_) framing_.keep_alive = false;
  if (end_ == End::kKeep) end_ = End::kClose;
}

}  // namespace nearside::http
