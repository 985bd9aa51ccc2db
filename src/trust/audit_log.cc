#include "trust/audit_log.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "trust/encoding.h"

namespace nearside::trust {

using base::Code;
using base::fail;
using base::UniqueFd;
namespace json = base::json;

namespace {

constexpr std::size_t kFindingsMax = 100;
// The signature is the last member, so that what it is over is the line up to it.
constexpr std::string_view kSignatureMember = ",\"signature\":\"";
constexpr std::string_view kPurpose = "nearside audit entry 1\n";

std::string signed_bytes(std::string_view line_before_signature) {
  return std::string(kPurpose).append(line_before_signature);
}

/// The entry as it is signed: an object without its closing brace.
std::string describe(std::uint64_t number, std::int64_t unix_ms, std::string_view event,
                     const std::vector<AuditField>& fields, const Sha256& previous) {
  json::object members;
  for (const AuditField& field : fields) members[field.name] = field.value;
  std::string text = json::serialize(json::object{{"entry", number},
                                                  {"unix_ms", unix_ms},
                                                  {"event", event},
                                                  {"fields", members},
                                                  {"previous", to_hex(previous)}});
  text.pop_back();
  return text;
}

/// What one line says of itself.
struct Entry {
  std::uint64_t number = 0;
  std::string previous;
};

/// Errors: what is wrong with the line by itself.
base::Result<Entry> check_line(std::string_view line, const PublicKey& key) {
  const std::size_t at = line.rfind(kSignatureMember);
  if (at == std::string_view::npos || !line.ends_with("\"}"))
    return fail(Code::kCorrupt, "not an audit entry");
  const std::size_t begin = at + kSignatureMember.size();
  const std::string signature =
      TRY(from_strict_base64(line.substr(begin, line.size() - 2 - begin)));
  if (!key.verify(signed_bytes(line.substr(0, at)), signature, signature_scheme(key.kind()),
                  matching_hash(key.kind())))
    return fail(Code::kPermission, "changed, or not written with this key");
  // Signed, hence ours: its members are as describe() wrote them.
  const json::value document = TRY(base::parse_json(line, 8));
  const json::object& object = document.get_object();
  const json::value* number = object.if_contains("entry");
  const json::value* previous = object.if_contains("previous");
  boost::system::error_code error;
  const auto value = number != nullptr ? number->to_number<std::uint64_t>(error) : 0;
  if (number == nullptr || error || previous == nullptr || !previous->is_string())
    return fail(Code::kCorrupt, "not an audit entry");
  return Entry{value, std::string(previous->get_string())};
}

base::Status write_line(const UniqueFd& file, std::string_view line) {
  // One call, so that a crash leaves at most one torn line.
  const ssize_t put = ::write(file.get(), line.data(), line.size());
  if (put != static_cast<ssize_t>(line.size()) || ::fdatasync(file.get()) != 0)
    return fail(Code::kIo, "cannot write the audit log: {}", std::strerror(errno));
  return {};
}

/// Cuts off a line without its end. The torn bytes are kept: they may matter to somebody.
base::Result<bool> repair_tail(const UniqueFd& file, const std::string& path, std::string& log) {
  if (log.empty() || log.ends_with('\n')) return false;
  const std::size_t end = log.rfind('\n') == std::string::npos ? 0 : log.rfind('\n') + 1;
  TRY(base::write_file_atomic(path + ".torn", std::string_view(log).substr(end)));
  if (::ftruncate(file.get(), static_cast<off_t>(end)) != 0)
    return fail(Code::kIo, "cannot repair {}: {}", path, std::strerror(errno));
  log.resize(end);
  return true;
}

base::Result<AuditHead> head_of(std::string_view log, const PublicKey& key) {
  if (log.empty()) return AuditHead{};
  log.remove_suffix(1);
  const std::size_t newline = log.rfind('\n');
  const std::string_view last = newline == std::string_view::npos ? log : log.substr(newline + 1);
  const Entry entry = TRY(check_line(last, key));
  return AuditHead{entry.number, sha256(last)};
}

}  // namespace

std::string AuditHead::text() const { return fmt::format("{}:{}", entries, to_hex(hash)); }

base::Result<AuditHead> AuditHead::parse(std::string_view text) {
  const base::Error malformed =
      fail(Code::kInvalidArgument, "a head is NUMBER:64 hexadecimal digits");
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return malformed;
  AuditHead head;
  const char* const end = text.data() + colon;
  const auto [at, error] = std::from_chars(text.data(), end, head.entries);
  const base::Result<std::string> hash = from_hex(text.substr(colon + 1));
  if (error != std::errc() || at != end || !hash || hash->size() != head.hash.size())
    return malformed;
  std::copy(hash->begin(), hash->end(), head.hash.begin());
  return head;
}

base::Result<AuditLog> AuditLog::open(const std::string& path, const PrivateKey& key,
                                      const base::Clock& clock) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid()) return fail(Code::kIo, "cannot open {}: {}", path, std::strerror(errno));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Code::kExhausted, "another process writes the audit log {}", path);
  std::string log = TRY(base::read_file(path));
  const bool torn = TRY(repair_tail(file, path, log));
  base::Result<AuditHead> head = head_of(log, key.public_key());
  if (!head)
    return std::move(head).error().with_context(
        fmt::format("the last entry of the audit log {} does not hold; find out why and move the "
                    "file away",
                    path));
  AuditLog opened(std::move(file), *head, key, clock);
  if (torn) TRY(opened.append("log_repaired", {{"torn_line", path + ".torn"}}));
  return opened;
}

base::Status AuditLog::append(std::string_view event, const std::vector<AuditField>& fields) {
  const auto is_utf8 = [](const AuditField& field) {
    return base::is_valid_utf8(field.name) && base::is_valid_utf8(field.value);
  };
  if (!base::is_valid_utf8(event) || !std::ranges::all_of(fields, is_utf8))
    return fail(Code::kInvalidArgument, "an audit entry must be UTF-8");
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_->wall().time_since_epoch());
  const std::string text = describe(head_.entries + 1, now.count(), event, fields, head_.hash);
  const std::string line = fmt::format("{}{}{}\"}}", text, kSignatureMember,
                                       base::base64_encode(key_.sign(signed_bytes(text))));
  if (line.size() > kAuditLineBytesMax)
    return fail(Code::kTooLarge, "an audit entry has at most {} bytes", kAuditLineBytesMax);
  TRY(write_line(file_, line + "\n"));
  head_ = {head_.entries + 1, sha256(line)};
  return {};
}

AuditReport verify_audit_log(std::string_view log, const PublicKey& key,
                             const std::optional<AuditHead>& expected) {
  AuditReport report;
  const auto find = [&report](std::uint64_t line, std::string what) {
    if (report.findings.size() < kFindingsMax) report.findings.push_back({line, std::move(what)});
  };
  bool met_expected = !expected || (expected->entries == 0 && expected->hash == Sha256{});
  std::uint64_t line_number = 0;
  while (!log.empty()) {
    ++line_number;
    const std::size_t newline = log.find('\n');
    const std::string_view line = log.substr(0, newline);
    log.remove_prefix(newline == std::string_view::npos ? log.size() : newline + 1);
    if (newline == std::string_view::npos) find(line_number, "the line has no end");
    const base::Result<Entry> entry = check_line(line, key);
    if (!entry) {
      find(line_number, entry.error().message);
    } else {
      if (entry->number != report.head.entries + 1)
        find(line_number, fmt::format("entry {} follows entry {}: entries were removed, added or "
                                      "moved",
                                      entry->number, report.head.entries));
      else if (entry->previous != to_hex(report.head.hash))
        find(line_number, "the entry before is not the one that was there");
      report.head.entries = entry->number;
    }
    if (!entry) ++report.head.entries;
    report.head.hash = sha256(line);
    if (expected && report.head.entries == expected->entries && report.head.hash == expected->hash)
      met_expected = true;
  }
  if (!met_expected)
    find(line_number,
         fmt::format("the log ends at entry {} and never had the expected head {}: its "
                     "end was cut off, or it is another log",
                     report.head.entries, expected->text()));
  return report;
}

}  // namespace nearside::trust
