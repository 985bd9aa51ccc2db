#include "cli/task_records.h"

#include <utility>

#include <fmt/format.h>

namespace nearside::cli {

using base::Code;
using base::fail;
using base::Result;

namespace {

std::string string_or_empty(const base::json::object& object, std::string_view key) {
  const base::json::value* const value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<TaskRecord> parse_record(std::string_view line) {
  const base::json::value value = TRY(base::parse_json(line));
  const base::json::object* const object = value.if_object();
  if (object == nullptr) return fail(Code::kInvalidArgument, "not a JSON object");
  TaskRecord record;
  if (const base::json::value* messages = object->if_contains("messages")) {
    if (!messages->is_array() || messages->get_array().empty())
      return fail(Code::kInvalidArgument, "\"messages\" is not a list of messages");
    record.messages = messages->get_array();
  } else {
    const base::json::value* const input = object->if_contains("input");
    if (input == nullptr || !input->is_string())
      return fail(Code::kInvalidArgument, "neither \"messages\" nor a text \"input\" is there");
    record.input = string_or_empty(*object, "input");
  }
  const base::json::value* const expected = object->if_contains("expected");
  if (expected == nullptr || !expected->is_string())
    return fail(Code::kInvalidArgument, "the text \"expected\" is missing");
  record.expected = string_or_empty(*object, "expected");
  record.group = string_or_empty(*object, "language");
  if (record.group.empty()) record.group = string_or_empty(*object, "group");
  return record;
}

}  // namespace

Result<std::vector<TaskRecord>> parse_task_records(std::string_view jsonl) {
  std::vector<TaskRecord> records;
  std::size_t line_number = 0;
  while (!jsonl.empty()) {
    ++line_number;
    const std::size_t end = jsonl.find('\n');
    const std::string_view line = jsonl.substr(0, end);
    jsonl.remove_prefix(end == std::string_view::npos ? jsonl.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Result<TaskRecord> record = parse_record(line);
    if (!record) return std::move(record).error().with_context(fmt::format("line {}", line_number));
    records.push_back(std::move(*record));
  }
  if (records.empty()) return fail(Code::kInvalidArgument, "there are no records");
  return records;
}

}  // namespace nearside::cli
