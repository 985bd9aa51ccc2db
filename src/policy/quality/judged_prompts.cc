#include "policy/quality/judged_prompts.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"

namespace nearside::policy {

namespace {

using base::Code;
using base::json::object;
using base::json::value;

base::Result<double> score_of(const value& given) {
  double score = -1;
  if (given.is_bool()) score = given.as_bool() ? 1 : 0;
  if (given.is_number()) score = given.to_number<double>();
  if (!(score >= 0 && score <= 1))
    return base::fail(Code::kInvalidArgument, "a score is not true, false or 0 to 1");
  return score;
}

/// The scores of a member like "scores" or "models".
base::Status read_scores(const object& by_target, JudgedPrompt& out) {
  for (const auto& [target, given] : by_target) {
    const value* score = &given;
    if (const auto* list = given.if_array()) {
      if (list->empty()) return base::fail(Code::kInvalidArgument, "a list of scores is empty");
      score = &list->front();
    } else if (const auto* inner = given.if_object()) {
      score = inner->if_contains("score");
      if (score == nullptr || score->is_null()) continue;  // never judged
    }
    out.scores[std::string(target)] = TRY(score_of(*score));
  }
  return {};
}

base::Result<JudgedPrompt> read_record(const object& record) {
  JudgedPrompt out;
  const value* prompt = record.if_contains("prompt");
  const value* turns = record.if_contains("turns");
  if (prompt == nullptr && turns != nullptr && turns->is_array() && !turns->as_array().empty())
    prompt = &turns->as_array().front();
  if (prompt == nullptr || !prompt->is_string())
    return base::fail(Code::kInvalidArgument, "\"prompt\" is missing or no text");
  out.prompt = prompt->as_string();
  for (const char* member : {"scores", "models"})
    if (const value* by_target = record.if_contains(member);
        by_target != nullptr && by_target->is_object())
      TRY(read_scores(by_target->as_object(), out));
  for (const auto& [name, given] : record)
    if (name.ends_with("_ok"))
      out.scores[std::string(name.substr(0, name.size() - 3))] = TRY(score_of(given));
  const value* target = record.if_contains("target");
  const value* good = record.if_contains("good");
  if (target != nullptr && target->is_string() && good != nullptr)
    out.scores[std::string(target->as_string())] = TRY(score_of(*good));
  if (out.scores.empty())
    return base::fail(Code::kInvalidArgument,
                      "there is no score: neither \"scores\", \"models\", \"NAME_ok\" nor "
                      "\"target\" with \"good\"");
  return out;
}

bool is_left_out(const object& record) {
  // Feedback about a request that was too sensitive to keep its prompt.
  if (const value* prompt = record.if_contains("prompt"); prompt != nullptr && prompt->is_null())
    return true;
  const value* flag = record.if_contains("contaminated");
  return flag != nullptr &&
         ((flag->is_int64() && flag->as_int64() != 0) || (flag->is_bool() && flag->as_bool()));
}

base::Result<std::vector<JudgedPrompt>> parse_lines(std::string_view lines) {
  std::vector<JudgedPrompt> out;
  for (std::size_t number = 1; !lines.empty(); ++number) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    base::Result<value> parsed = base::parse_json(line);
    if (!parsed) return std::move(parsed).error().with_context(fmt::format("line {}", number));
    if (!parsed->is_object())
      return base::fail(Code::kInvalidArgument, "line {}: this is no JSON object", number);
    if (is_left_out(parsed->as_object())) continue;
    base::Result<JudgedPrompt> record = read_record(parsed->as_object());
    if (!record) return std::move(record).error().with_context(fmt::format("line {}", number));
    out.push_back(std::move(*record));
  }
  return out;
}

/// One row of CSV; moves `rest` past it.
base::Result<std::vector<std::string>> take_row(std::string_view& rest) {
  std::vector<std::string> cells(1);
  std::size_t i = 0;
  bool quoted = false;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (quoted) {
      if (c != '"') {
        cells.back() += c;
      } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
        cells.back() += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"' && cells.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      cells.emplace_back();
    } else if (c == '\n') {
      break;
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  if (quoted) return base::fail(Code::kInvalidArgument, "a quote is never closed");
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return cells;
}

base::Result<std::vector<JudgedPrompt>> parse_csv(std::string_view rest) {
  const std::vector<std::string> header = TRY(take_row(rest));
  const auto column = [&](std::string_view name) {
    return static_cast<std::size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  };
  const std::size_t prompt = column("prompt"), target = column("target"), good = column("good");
  const std::size_t needed = std::max({prompt, target, good});
  if (needed >= header.size())
    return base::fail(Code::kInvalidArgument,
                      "the first line must name the columns prompt, target and good");
  std::vector<JudgedPrompt> out;
  for (std::size_t number = 2; !rest.empty(); ++number) {
    base::Result<std::vector<std::string>> row = take_row(rest);
    if (!row) return std::move(row).error().with_context(fmt::format("row {}", number));
    const std::vector<std::string>& cells = *row;
    if (cells.size() == 1 && cells[0].empty()) continue;
    double score = -1;
    if (cells.size() > needed) {
      const std::string& text = cells[good];
      const auto read = std::from_chars(text.data(), text.data() + text.size(), score);
      if (text == "true")
        score = 1;
      else if (text == "false")
        score = 0;
      else if (read.ec != std::errc() || read.ptr != text.data() + text.size())
        score = -1;
    }
    if (!(score >= 0 && score <= 1))
      return base::fail(Code::kInvalidArgument,
                        "row {}: columns are missing, or good is not true, false or 0 to 1",
                        number);
    if (out.empty() || out.back().prompt != cells[prompt]) out.push_back({cells[prompt], {}});
    out.back().scores[cells[target]] = score;
  }
  return out;
}

}  // namespace

base::Result<std::vector<JudgedPrompt>> parse_judged_prompts(std::string_view content) {
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && content[first] == '{') return parse_lines(content);
  return parse_csv(content);
}

}  // namespace nearside::policy
