// Program source: lines that no prose has.
#include <algorithm>
#include <string>

#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

constexpr std::size_t kLineBytesMax = 400;  // read around an anchor

/// The line around an anchor's end, at most kLineBytesMax to each side.
Span line_around(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && at - begin < kLineBytesMax && text[begin - 1] != '\n') --begin;
  std::size_t end = at;
  while (end < text.size() && end - at < kLineBytesMax && text[end] != '\n') ++end;
  while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\r')) --end;
  return {begin, end};
}

bool has(std::string_view line, std::string_view part) {
  return line.find(part) != std::string_view::npos;
}

/// "import a.b as c;": names and nothing else. Whoever imports goods writes more.
bool only_names(std::string_view rest) {
  if (!rest.empty() && rest.back() == ';') rest.remove_suffix(1);
  const std::size_t as = rest.find(" as ");
  if (as != std::string_view::npos) rest = rest.substr(0, as);
  return !rest.empty() && std::all_of(rest.begin(), rest.end(), [](char c) {
    return is_alnum(c) || c == '_' || c == '.' || c == '*';
  });
}

bool is_query(std::string_view line) {
  std::string lower(line);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (!has(lower, " from ")) return false;
  for (const char* clause :
       {" where ", " join ", " group by ", " order by ", " limit ", "select *"})
    if (has(lower, clause)) return true;
  return lower.ends_with(';');
}

// Of the patterns below.
enum Anchor : std::size_t {
  kDefinition,
  kImport,
  kFromImport,
  kAssignment,
  kFunction,
  kBranch,
  kQuery,
  kTable,
  kCertain  // and those that follow: the anchor is enough
};

std::optional<Span> find(const Match& match) {
  const Span span = line_around(match.text, match.end);
  const std::string_view line = match.text.substr(span.begin, span.end - span.begin);
  const std::string_view rest = match.text.substr(match.end - 1, span.end - (match.end - 1));
  bool code = false;
  switch (match.pattern_index) {
    case kDefinition:
      code = has(rest, "(") && has(rest, ")") && line.ends_with(':');
      break;
    case kImport:
      code = only_names(rest);
      break;
    case kFromImport:
      code = has(rest, " import ");
      break;
    case kAssignment:
      code = has(rest, " = ");
      break;
    case kFunction:
    case kBranch:
      code = has(rest, ")") && line.ends_with('{');
      break;
    case kQuery:
      code = is_query(line);
      break;
    case kTable:
      code = has(rest, "(");
      break;
    default:
      code = true;
  }
  return code ? std::optional(span) : std::nullopt;
}

}  // namespace

Detector source_code_detector() {
  return {
      "source_code",
      "source_code",
      Sensitivity::kInternal,
      {{R"(\bdef [A-Za-z_])"},
       {R"((?:^|\n)import [A-Za-z_])"},
       {R"((?:^|\n)from [A-Za-z_.])"},
       {R"(\b(?:const|let|var) [A-Za-z_{\[])"},
       {R"(\b(?:function|func|fn) ?[A-Za-z_(])"},
       {R"(\b(?:if|for|while|switch) ?\([^\n])"},
       {R"(\bselect [a-z*"`(])", true},
       {R"(\b(?:create table|insert into|alter table) [a-z"`\[])", true},
       {R"(#[ \t]{0,4}(?:include ?[<"]|define [A-Z_]|ifndef |pragma once))"},
       {R"(\b(?:public|private|protected|static|export|abstract|final) (?:static |final |async |default |abstract )?(?:class|interface|enum|void|int|function|boolean) )"},
       {R"(\);(?:\r?\n|$))"},
       {R"((?:^|\n)```[a-z+#])"},
       {R"((?:^|\n)#!/(?:usr/)?bin/)"},
       {R"(\btemplate ?<(?:typename|class) )"}},
      find,
      true};
}

}  // namespace nearside::policy
