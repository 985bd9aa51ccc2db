#include "text/jinja_parser.h"

#include <array>

#include "text/jinja_expression_parser.h"

namespace nearside::text::jinja {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

namespace {

// Names of the tags that end a body; the parser stops before the name.
using EndNames = std::initializer_list<std::string_view>;

class StatementParser {
 public:
  StatementParser(std::vector<Token> tokens, Program& program, const TemplateLimits& limits)
      : parser_(std::move(tokens), program, limits.depth_max) {}

  Result<Body> whole() {
    Body body = TRY(statements({}));
    return body;
  }

 private:
  using Nesting = ExpressionParser::Nesting;

  [[nodiscard]] const Token& current() const { return parser_.current(); }

  // Up to a tag with one of those names, or the end of the template where there are none.
  Result<Body> statements(EndNames ends) {
    const Nesting nesting(parser_);
    TRY(nesting.check());
    Body body;
    while (true) {
      const Token& token = current();
      if (token.type == TokenType::kEnd) {
        if (ends.size() > 0) return parser_.unexpected(fmt::format("'{}'", *ends.begin()));
        return body;
      }
      if (token.type == TokenType::kText) {
        auto text = std::make_unique<TextStatement>(StatementKind::kText, token.line);
        text->text = token.text;
        body.push_back(std::move(text));
        parser_.advance();
      } else if (token.type == TokenType::kVariableBegin) {
        parser_.advance();
        auto print = std::make_unique<PrintStatement>(StatementKind::kPrint, token.line);
        print->value = TRY(parser_.tuple());
        TRY(parser_.expect(TokenType::kVariableEnd, "'}}'"));
        body.push_back(std::move(print));
      } else {
        parser_.advance();
        for (const std::string_view end : ends)
          if (current().is_name(end)) return body;
        TRY(statement(body));
        TRY(parser_.expect(TokenType::kBlockEnd, "'%}'"));
      }
    }
  }

  // The rest of an opening tag, and the body up to the tag that ends it.
  Result<Body> body_until(EndNames ends) {
    parser_.skip_operator(":");
    TRY(parser_.expect(TokenType::kBlockEnd, "'%}'"));
    return statements(ends);
  }

  Result<Body> body_and_end(std::string_view end) {
    Body body = TRY(body_until({end}));
    parser_.advance();
    return body;
  }

  Status statement(Body& body) {
    if (current().type != TokenType::kName) return parser_.unexpected("a tag's name");
    const std::string tag = current().text;
    const std::uint32_t line = current().line;
    for (const auto& [name, parse] : kTags) {
      if (name != tag) continue;
      parser_.advance();
      body.push_back(TRY((this->*parse)(line)));
      return {};
    }
    return syntax_error(line, "unknown tag '{:.40}'", tag);
  }

  Result<StatementPtr> if_statement(std::uint32_t line) {
    auto node = std::make_unique<IfStatement>(StatementKind::kIf, line);
    while (true) {
      IfStatement::Branch branch;
      branch.test = TRY(parser_.tuple(false));
      branch.body = TRY(body_until({"endif", "else", "elif"}));
      node->branches.push_back(std::move(branch));
      if (parser_.skip_name("elif")) continue;
      if (parser_.skip_name("else")) {
        IfStatement::Branch otherwise;
        otherwise.body = TRY(body_until({"endif"}));
        node->branches.push_back(std::move(otherwise));
      }
      parser_.advance();  // endif
      return StatementPtr(std::move(node));
    }
  }

  Result<StatementPtr> for_statement(std::uint32_t line) {
    auto node = std::make_unique<ForStatement>(StatementKind::kFor, line);
    node->target = TRY(target(false, "in"));
    if (!parser_.skip_name("in")) return parser_.unexpected("'in'");
    node->items = TRY(parser_.tuple(false, "recursive"));
    if (parser_.skip_name("if")) node->test = TRY(parser_.expression());
    node->recursive = parser_.skip_name("recursive");
    ++loops_;
    node->body = TRY(body_until({"endfor", "else"}));
    --loops_;
    if (parser_.skip_name("else")) node->otherwise = TRY(body_until({"endfor"}));
    parser_.advance();  // endfor
    return StatementPtr(std::move(node));
  }

  Result<StatementPtr> set_statement(std::uint32_t line) {
    Target assigned = TRY(target(true, {}));
    if (parser_.skip_operator("=")) {
      auto node = std::make_unique<SetStatement>(StatementKind::kSet, line);
      node->target = std::move(assigned);
      node->value = TRY(parser_.tuple());
      return StatementPtr(std::move(node));
    }
    auto node = std::make_unique<CaptureStatement>(StatementKind::kSetBlock, line);
    node->target = std::move(assigned);
    while (parser_.skip_operator("|")) node->filters.push_back(TRY(parser_.filter()));
    node->body = TRY(body_and_end("endset"));
    return StatementPtr(std::move(node));
  }

  Result<StatementPtr> filter_statement(std::uint32_t line) {
    auto node = std::make_unique<CaptureStatement>(StatementKind::kFilterBlock, line);
    do {
      node->filters.push_back(TRY(parser_.filter()));
    } while (parser_.skip_operator("|"));
    node->body = TRY(body_and_end("endfilter"));
    return StatementPtr(std::move(node));
  }

  Result<StatementPtr> macro_statement(std::uint32_t line) {
    auto node = std::make_unique<MacroStatement>(StatementKind::kMacro, line);
    node->macro.name = TRY(assigned_name());
    node->name = parser_.intern(node->macro.name);
    TRY(signature(node->macro));
    TRY(macro_body(node->macro, "endmacro"));
    return StatementPtr(std::move(node));
  }

  Result<StatementPtr> call_statement(std::uint32_t line) {
    auto node = std::make_unique<CallBlockStatement>(StatementKind::kCallBlock, line);
    node->caller.name = "caller";
    if (current().is_operator("(")) TRY(signature(node->caller));
    ExpressionPtr call = TRY(parser_.expression());
    if (call->kind != ExpressionKind::kCall)
      return syntax_error(line, "'call' needs the call of a macro");
    node->call.reset(static_cast<Call*>(call.release()));
    TRY(macro_body(node->caller, "endcall"));
    return StatementPtr(std::move(node));
  }

  Result<StatementPtr> with_statement(std::uint32_t line) {
    auto node = std::make_unique<ScopeStatement>(StatementKind::kWith, line);
    while (current().type != TokenType::kBlockEnd) {
      if (!node->assignments.empty()) TRY(parser_.expect_operator(","));
      Target assigned = TRY(target(false, {}));
      TRY(parser_.expect_operator("="));
      ExpressionPtr value = TRY(parser_.expression());
      node->assignments.emplace_back(std::move(assigned), std::move(value));
    }
    node->body = TRY(body_and_end("endwith"));
    return StatementPtr(std::move(node));
  }

  // Without inheritance a block is a scope with a name.
  Result<StatementPtr> block_statement(std::uint32_t line) {
    auto node = std::make_unique<ScopeStatement>(StatementKind::kScope, line);
    const std::string name = TRY(parser_.expect_name());
    parser_.skip_name("scoped");
    parser_.skip_name("required");
    node->body = TRY(body_and_end("endblock"));
    parser_.skip_name(name);
    return StatementPtr(std::move(node));
  }

  // Model tools mark with this what the model itself says; it renders as if it were not there.
  Result<StatementPtr> generation_statement(std::uint32_t line) {
    auto node = std::make_unique<ScopeStatement>(StatementKind::kScope, line);
    node->body = TRY(body_and_end("endgeneration"));
    return StatementPtr(std::move(node));
  }

  Result<StatementPtr> print_statement(std::uint32_t line) {
    auto node = std::make_unique<ScopeStatement>(StatementKind::kScope, line);
    while (current().type != TokenType::kBlockEnd) {
      if (!node->body.empty()) TRY(parser_.expect_operator(","));
      auto print = std::make_unique<PrintStatement>(StatementKind::kPrint, line);
      print->value = TRY(parser_.expression());
      node->body.push_back(std::move(print));
    }
    return StatementPtr(std::move(node));
  }

  Result<StatementPtr> break_statement(std::uint32_t line) {
    return loop_control(StatementKind::kBreak, line);
  }

  Result<StatementPtr> continue_statement(std::uint32_t line) {
    return loop_control(StatementKind::kContinue, line);
  }

  Result<StatementPtr> loop_control(StatementKind kind, std::uint32_t line) const {
    if (loops_ == 0) return syntax_error(line, "'break' or 'continue' outside of a loop");
    return std::make_unique<Statement>(kind, line);
  }

  // Macro bodies stand outside of the loops around them, and note which special names they read.
  Status macro_body(MacroDefinition& macro, std::string_view end) {
    const ExpressionParser::Uses outside = parser_.uses;
    const std::size_t loops_outside = loops_;
    parser_.uses = {};
    loops_ = 0;
    macro.body = TRY(body_and_end(end));
    loops_ = loops_outside;
    macro.takes_caller = parser_.uses.caller;
    macro.takes_more_positional = parser_.uses.varargs;
    macro.takes_more_named = parser_.uses.kwargs;
    parser_.uses.caller |= outside.caller;
    parser_.uses.varargs |= outside.varargs;
    parser_.uses.kwargs |= outside.kwargs;
    return {};
  }

  Status signature(MacroDefinition& macro) {
    TRY(parser_.expect_operator("("));
    while (!current().is_operator(")")) {
      if (!macro.parameters.empty()) TRY(parser_.expect_operator(","));
      MacroDefinition::Parameter parameter;
      parameter.name = parser_.intern(TRY(assigned_name()));
      if (parser_.skip_operator("="))
        parameter.otherwise = TRY(parser_.expression());
      else if (!macro.parameters.empty() && macro.parameters.back().otherwise)
        return syntax_error(current().line,
                            "a parameter without a default follows one with a default");
      macro.parameters.push_back(std::move(parameter));
    }
    parser_.advance();
    return {};
  }

  Result<std::string> assigned_name() {
    const std::uint32_t line = current().line;
    std::string name = TRY(parser_.expect_name());
    for (const std::string_view reserved : {"true", "false", "none", "True", "False", "None"})
      if (name == reserved) return syntax_error(line, "cannot assign to '{}'", name);
    return name;
  }

  Result<Target> target(bool with_member, std::string_view end_name) {
    if (with_member && current().type == TokenType::kName && parser_.next().is_operator(".")) {
      Target member;
      member.kind = Target::Kind::kMember;
      member.name = parser_.intern(TRY(parser_.expect_name()));
      parser_.advance();
      member.member = TRY(parser_.expect_name());
      return member;
    }
    Target several;
    several.kind = Target::Kind::kSeveral;
    bool is_tuple = false;
    while (current().is_operator("(") ||
           (current().type == TokenType::kName && !current().is_name(end_name))) {
      several.parts.push_back(TRY(target_part()));
      if (!parser_.skip_operator(",")) break;
      is_tuple = true;
    }
    if (several.parts.empty()) return parser_.unexpected("a name to assign to");
    if (is_tuple) return several;
    return std::move(several.parts.front());
  }

  Result<Target> target_part() {
    if (parser_.skip_operator("(")) {
      const Nesting nesting(parser_);
      TRY(nesting.check());
      Target inner = TRY(target(false, {}));
      TRY(parser_.expect_operator(")"));
      return inner;
    }
    Target name;
    name.name = parser_.intern(TRY(assigned_name()));
    return name;
  }

  struct Tag {
    std::string_view name;
    Result<StatementPtr> (StatementParser::*parse)(std::uint32_t line);
  };
  static constexpr std::size_t kTagsCount = 12;
  static const std::array<Tag, kTagsCount> kTags;

  ExpressionParser parser_;
  std::size_t loops_ = 0;  // loops around the current statement inside of its macro
};

const std::array<StatementParser::Tag, StatementParser::kTagsCount> StatementParser::kTags{{
    {"if", &StatementParser::if_statement},
    {"for", &StatementParser::for_statement},
    {"set", &StatementParser::set_statement},
    {"macro", &StatementParser::macro_statement},
    {"call", &StatementParser::call_statement},
    {"filter", &StatementParser::filter_statement},
    {"with", &StatementParser::with_statement},
    {"block", &StatementParser::block_statement},
    {"generation", &StatementParser::generation_statement},
    {"print", &StatementParser::print_statement},
    {"break", &StatementParser::break_statement},
    {"continue", &StatementParser::continue_statement},
}};

}  // namespace

Result<std::unique_ptr<Program>> parse_program(std::string_view source,
                                               const TemplateLimits& limits) {
  if (source.size() > limits.source_bytes_max)
    return fail(Code::kTooLarge, "the chat template has {} bytes; at most {} are read",
                source.size(), limits.source_bytes_max);
  auto program = std::make_unique<Program>();
  std::vector<Token> tokens = TRY(tokenize(source));
  StatementParser parser(std::move(tokens), *program, limits);
  program->body = TRY(parser.whole());
  return program;
}

}  // namespace nearside::text::jinja
