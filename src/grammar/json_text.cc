#include "grammar/json_text.h"

#include <fmt/format.h>

#include "grammar/regex.h"

namespace nearside::grammar {

namespace {

Expr range(ExpressionPool& pool, unsigned first, unsigned last) {
  return pool.bytes(
      ByteSet::range(static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(last)));
}

Expr one_of(ExpressionPool& pool, std::string_view bytes) {
  ByteSet set;
  for (const char byte : bytes) set.add(static_cast<std::uint8_t>(byte));
  return pool.bytes(set);
}

/// Source: RFC 3629 section 4, without the one-byte forms.
Expr multibyte(ExpressionPool& pool) {
  const Expr tail = range(pool, 0x80, 0xbf);
  return pool.either({
      pool.sequence({range(pool, 0xc2, 0xdf), tail}),
      pool.sequence({range(pool, 0xe0, 0xe0), range(pool, 0xa0, 0xbf), tail}),
      pool.sequence({range(pool, 0xe1, 0xec), tail, tail}),
      pool.sequence({range(pool, 0xed, 0xed), range(pool, 0x80, 0x9f), tail}),
      pool.sequence({range(pool, 0xee, 0xef), tail, tail}),
      pool.sequence({range(pool, 0xf0, 0xf0), range(pool, 0x90, 0xbf), tail, tail}),
      pool.sequence({range(pool, 0xf1, 0xf3), tail, tail, tail}),
      pool.sequence({range(pool, 0xf4, 0xf4), range(pool, 0x80, 0x8f), tail, tail}),
  });
}

/// Source: RFC 8259 section 7.
Expr escape(ExpressionPool& pool) {
  const Expr hex = one_of(pool, "0123456789abcdefABCDEF");
  const Expr d = one_of(pool, "dD");
  const Expr low = pool.sequence({pool.literal("\\u"), d, one_of(pool, "cdefCDEF"), hex, hex});
  return pool.sequence(
      one_of(pool, "\\"),
      pool.either({
          one_of(pool, "\"\\/bfnrt"),
          pool.sequence({one_of(pool, "u"), one_of(pool, "0123456789abcefABCEF"), hex, hex, hex}),
          pool.sequence({one_of(pool, "u"), d, one_of(pool, "01234567"), hex, hex}),
          pool.sequence({one_of(pool, "u"), d, one_of(pool, "89abAB"), hex, hex, low}),
      }));
}

}  // namespace

JsonText::JsonText() {
  space = pool.either({kEmpty, one_of(pool, " "),
                       pool.sequence({pool.optional(one_of(pool, "\r")), one_of(pool, "\n"),
                                      pool.repeat(one_of(pool, " \t"), 0, kIndentMax)})});
  ByteSet plain = ByteSet::range(0x20, 0x7f);
  plain.remove('"');
  plain.remove('\\');
  character = pool.either({pool.bytes(plain), multibyte(pool), escape(pool)});
  pool.avoid_tables_for(character);
  quote = one_of(pool, "\"");
  body = pool.sequence(pool.any_number(character), quote);
  string = pool.sequence(quote, body);
  plain_body = pool.sequence(pool.any_number(class_expression({{0, 0xd7ff}, {0xe000, 0x10ffff}},
                                                              RegexText::kJsonString, pool)),
                             quote);
  plain_string = pool.sequence(quote, plain_body);
  const Expr digit = one_of(pool, "0123456789");
  const Expr whole = pool.sequence(
      pool.optional(one_of(pool, "-")),
      pool.either(
          {one_of(pool, "0"), pool.sequence(one_of(pool, "123456789"), pool.any_number(digit))}));
  // A whole number may be written 1.0: JSON Schema does not tell the two apart.
  integer = pool.sequence(
      whole, pool.optional(pool.sequence(one_of(pool, "."), pool.repeat(one_of(pool, "0"), 1, 1))));
  number = pool.sequence(
      {whole, pool.optional(pool.sequence(one_of(pool, "."), pool.repeat(digit, 1, kUnbounded))),
       pool.optional(pool.sequence({one_of(pool, "eE"), pool.optional(one_of(pool, "+-")),
                                    pool.repeat(digit, 1, kUnbounded)}))});
  comma = pool.sequence({space, one_of(pool, ","), space});
  colon = pool.sequence({space, one_of(pool, ":"), space});

  plain_key = pool.sequence(plain_string, colon);

  // Every derivative is worked out here, once for all constraints; but for those past a key's
  // closing quote, whose masks depend on what follows.
  states = {string, body, plain_string, plain_body, plain_key, number, integer};
  std::vector<bool> seen(pool.size(), false);
  for (const Expr state : states) seen[state] = true;
  seen[colon] = true;
  for (std::size_t i = 0; i < states.size(); ++i)
    for (unsigned byte = 0; byte < 256; ++byte) {
      const Expr next = pool.step(states[i], static_cast<std::uint8_t>(byte));
      if (next == kNothing || next == kEmpty) continue;
      if (seen.size() < pool.size()) seen.resize(pool.size(), false);
      if (seen[next]) continue;
      seen[next] = true;
      states.push_back(next);
    }
}

void append_utf8(std::uint32_t code_point, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) return put(code_point);
  if (code_point < 0x800) {
    put(0xc0 | (code_point >> 6));
  } else {
    if (code_point < 0x10000) {
      put(0xe0 | (code_point >> 12));
    } else {
      put(0xf0 | (code_point >> 18));
      put(0x80 | ((code_point >> 12) & 0x3f));
    }
    put(0x80 | ((code_point >> 6) & 0x3f));
  }
  put(0x80 | (code_point & 0x3f));
}

std::string json_character(std::uint32_t code_point) {
  switch (code_point) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\b':
      return "\\b";
    case '\f':
      return "\\f";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  if (code_point < 0x20) return fmt::format("\\u{:04x}", code_point);
  std::string out;
  append_utf8(code_point, out);
  return out;
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char byte : text) {
    const auto code = static_cast<std::uint8_t>(byte);
    if (code < 0x20 || code == '"' || code == '\\')
      out += json_character(code);
    else
      out += byte;
  }
  out += '"';
  return out;
}

}  // namespace nearside::grammar
