#include "http/load.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <memory>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/unique_fd.h"

namespace nearside::http {
namespace {

using base::Code;
using base::fail;
using std::chrono::steady_clock;
using Time = steady_clock::time_point;

constexpr std::size_t kReadBytes = 64U << 10;
// Heads of servers that are measured have a few hundred bytes.
constexpr std::size_t kHeadBytesMax = 64U << 10;

std::uint32_t microseconds(Time from, Time to) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(to - from).count());
}

/// Where one reply ends: by content-length, or by the last chunk.
class ReplyEnd {
 public:
  void reset() { *this = ReplyEnd(); }
  /// Whether the reply is complete with these bytes.
  bool take(std::string_view bytes) {
    if (!in_body_) {
      head_.append(bytes);
      const std::size_t end = head_.find("\r\n\r\n");
      if (end == std::string::npos) {
        broken_ = broken_ || head_.size() > kHeadBytesMax;
        return broken_;
      }
      in_body_ = true;
      read_head(std::string_view(head_).substr(0, end + 2));
      const std::string rest = head_.substr(end + 4);
      return take_body(rest);
    }
    return take_body(bytes);
  }
  [[nodiscard]] bool in_body() const { return in_body_ && body_bytes_ > 0; }
  [[nodiscard]] bool good() const { return !broken_ && status_ == 200; }
  [[nodiscard]] bool closes() const { return closes_ || broken_; }

 private:
  void read_head(std::string_view head) {
    if (head.size() > 12) std::from_chars(head.data() + 9, head.data() + 12, status_);
    std::string lower(head);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    closes_ = lower.find("\r\nconnection: close\r\n") != std::string::npos;
    chunked_ = lower.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos;
    constexpr std::string_view kLength = "\r\ncontent-length: ";
    const std::size_t at = lower.find(kLength);
    if (at != std::string::npos)
      std::from_chars(lower.data() + at + kLength.size(), lower.data() + lower.size(), length_);
    else if (!chunked_)
      broken_ = true;
  }
  /// The end mark is looked for in the last bytes only: no body of a bench ends in another one.
  bool take_body(std::string_view bytes) {
    body_bytes_ += bytes.size();
    if (broken_) return true;
    if (!chunked_) return body_bytes_ >= length_;
    constexpr std::string_view kLast = "0\r\n\r\n";
    tail_.append(bytes.substr(bytes.size() - std::min(bytes.size(), kLast.size())));
    if (tail_.size() > kLast.size()) tail_.erase(0, tail_.size() - kLast.size());
    return tail_ == kLast;
  }

  std::string head_;
  std::string tail_;
  bool in_body_ = false;
  bool broken_ = false;
  bool closes_ = false;
  bool chunked_ = false;
  int status_ = 0;
  std::size_t length_ = 0;
  std::size_t body_bytes_ = 0;
};

base::Result<base::UniqueFd> connect_to(const LoadOptions& options) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  if (inet_pton(AF_INET, options.address.c_str(), &address.sin_addr) != 1)
    return fail(Code::kInvalidArgument, "'{}' is no IPv4 address", options.address);
  base::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int one = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail(Code::kUnavailable, "nothing answers at {}:{}", options.address, options.port);
  return fd;
}

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options), poll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadBytes, '\0') {}

  base::Result<LoadResult> run() {
    for (std::size_t i = 0; i < options_.connections; ++i) {
      lines_.push_back(std::make_unique<Line>());
      if (base::Status opened = open(*lines_.back()); !opened) return opened.error();
    }
    counted_from_ = steady_clock::now() + options_.warm_up;
    const Time until = counted_from_ + options_.duration;
    next_due_ = steady_clock::now();
    for (const auto& line : lines_) idle_.push_back(line.get());
    for (Time now = steady_clock::now();
         now < until && result_.total_us.size() < options_.requests_max;
         now = steady_clock::now()) {
      send_due(now);
      if (base::Status polled = poll(); !polled) return polled.error();
    }
    result_.seconds = std::chrono::duration<double>(steady_clock::now() - counted_from_).count();
    return std::move(result_);
  }

 private:
  struct Line {
    base::UniqueFd fd;
    Time began{};
    Time last{};
    bool first_seen = false;
    ReplyEnd reply;
  };

  base::Status open(Line& line) {
    line.fd = TRY(connect_to(options_));
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &line}};
    epoll_ctl(poll_.get(), EPOLL_CTL_ADD, line.fd.get(), &event);
    return {};
  }

  void send_due(Time now) {
    while (!idle_.empty() && (options_.rate == 0 || next_due_ <= now)) {
      Line& line = *idle_.back();
      idle_.pop_back();
      line.began = line.last = options_.rate == 0 ? steady_clock::now() : next_due_;
      if (options_.rate != 0)
        next_due_ += std::chrono::duration_cast<steady_clock::duration>(
            std::chrono::duration<double>(1 / options_.rate));
      line.first_seen = false;
      line.reply.reset();
      std::string_view rest = options_.request;
      while (!rest.empty()) {
        const ssize_t sent = ::send(line.fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
    }
  }

  base::Status poll() {
    epoll_event events[256];
    // Without a rate there is nothing to do but to wait; with one, the next is due soon.
    const int count = epoll_wait(poll_.get(), events, 256, options_.rate == 0 ? 100 : 0);
    for (int i = 0; i < count; ++i)
      if (base::Status read = receive(*static_cast<Line*>(events[i].data.ptr)); !read) return read;
    return {};
  }

  base::Status receive(Line& line) {
    const ssize_t got = recv(line.fd.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0) return {};
    const Time now = steady_clock::now();
    const bool counted = line.began >= counted_from_;
    const bool ended = got == 0 || line.reply.take(std::string_view(buffer_).substr(
                                       0, static_cast<std::size_t>(got)));
    if (got > 0 && line.reply.in_body()) {
      if (counted)
        (line.first_seen ? result_.gap_us : result_.first_byte_us)
            .push_back(microseconds(line.first_seen ? line.last : line.began, now));
      line.first_seen = true;
      line.last = now;
    }
    if (!ended) return {};
    if (counted && got > 0 && line.reply.good())
      result_.total_us.push_back(microseconds(line.began, now));
    else if (counted)
      ++result_.failures;
    if (got == 0 || line.reply.closes())
      if (base::Status opened = open(line); !opened) return opened;
    idle_.push_back(&line);
    return {};
  }

  const LoadOptions& options_;
  const base::UniqueFd poll_;
  std::string buffer_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::vector<Line*> idle_;
  Time counted_from_{};
  Time next_due_{};
  LoadResult result_;
};

}  // namespace

base::Result<LoadResult> run_load(const LoadOptions& options) { return Load(options).run(); }

std::uint32_t percentile(std::vector<std::uint32_t>& values, double share) {
  if (values.empty()) return 0;
  const auto index =
      static_cast<std::size_t>(std::min(std::floor(share * static_cast<double>(values.size())),
                                        static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                   values.end());
  return values[index];
}

}  // namespace nearside::http
