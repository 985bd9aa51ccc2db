#include "train/chat_record.h"

#include <algorithm>

namespace nearside::train {
namespace {

constexpr std::size_t kRecordsMax = 20'000'000;  // more does not fit the memory of a CPU machine

base::Result<ChatRecord> parse_record(std::string_view line) {
  const auto wrong = [](const char* what) {
    return base::fail(base::Code::kInvalidArgument, "{}", what);
  };
  const base::json::value value = TRY(base::parse_json(line));
  const auto* object = value.if_object();
  const auto* messages = object == nullptr ? nullptr : object->if_contains("messages");
  if (messages == nullptr || !messages->is_array() || messages->get_array().empty())
    return wrong("a record is an object with a list \"messages\" that is not empty");
  ChatRecord record;
  record.messages = messages->get_array();
  for (const auto& message : record.messages) {
    const auto* fields = message.if_object();
    const auto* role = fields == nullptr ? nullptr : fields->if_contains("role");
    const auto* content = fields == nullptr ? nullptr : fields->if_contains("content");
    if (role == nullptr || !role->is_string() || content == nullptr || !content->is_string())
      return wrong("every message needs \"role\" and \"content\", both text");
  }
  if (const auto* expected = object->if_contains("expected"); expected != nullptr) {
    if (!expected->is_string()) return wrong("\"expected\" must be text");
    record.answer = expected->get_string();
  } else {
    const auto& last = record.messages.back().get_object();
    if (last.at("role").get_string() != "assistant")
      return wrong("without \"expected\", the last message must be the assistant's");
    record.answer = last.at("content").get_string();
    record.messages.pop_back();
  }
  return record;
}

}  // namespace

base::Result<std::vector<ChatRecord>> parse_chat_records(std::string_view json_lines) {
  std::vector<ChatRecord> records;
  std::size_t line_number = 0;
  while (!json_lines.empty()) {
    const std::size_t end = std::min(json_lines.find('\n'), json_lines.size());
    const std::string_view line = json_lines.substr(0, end);
    json_lines.remove_prefix(std::min(end + 1, json_lines.size()));
    ++line_number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (records.size() == kRecordsMax)
      return base::fail(base::Code::kTooLarge, "more than {} records", kRecordsMax);
    base::Result<ChatRecord> record = parse_record(line);
    if (!record) return std::move(record).error().with_context(fmt::format("line {}", line_number));
    records.push_back(std::move(record).value());
  }
  return records;
}

}  // namespace nearside::train
