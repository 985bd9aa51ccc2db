#include "grammar/expression.h"

#include <algorithm>

#include "base/check.h"

namespace nearside::grammar {

ExpressionPool::ExpressionPool() {
  nodes_.push_back({});
  Node empty;
  empty.kind = Kind::kBlank;
  empty.nullable = true;
  nodes_.push_back(empty);
  for (Expr expr : {kNothing, kEmpty}) ids_.insert(hash(nodes_[expr]), expr);
  table_of_.assign(2, IdTable::kNone);
  everything_ = complement(kNothing);
}

bool ExpressionPool::spend(std::uint64_t steps) {
  if (effort_ < steps) exhausted_ = true;
  effort_ -= std::min(effort_, steps);
  return !exhausted_;
}

std::uint64_t ExpressionPool::hash(const Node& node) const {
  std::uint64_t hash = static_cast<std::uint64_t>(node.kind);
  switch (node.kind) {
    case Kind::kBytes:
      for (const std::uint64_t word : sets_[node.a].words) hash = mix(hash, word);
      return hash;
    case Kind::kLiteral:
      for (std::size_t i = 0; i < node.b; ++i)
        hash = (hash ^ static_cast<std::uint8_t>(texts_[node.a + i])) * 0x100000001b3ULL;  // FNV-1a
      return mix(hash, node.b);
    case Kind::kEither:
    case Kind::kBoth:
      for (const Expr part : operands(node)) hash = mix(hash, part);
      return hash;
    default:
      hash = mix(hash, (std::uint64_t{node.a} << 32) | node.b);
      return mix(hash, (std::uint64_t{node.min} << 32) | node.max);
  }
}

bool ExpressionPool::equal(const Node& left, const Node& right) const {
  if (left.kind != right.kind) return false;
  switch (left.kind) {
    case Kind::kBytes:
      return sets_[left.a] == sets_[right.a];
    case Kind::kLiteral:
      return left.b == right.b && texts_.compare(left.a, left.b, texts_, right.a, right.b) == 0;
    case Kind::kEither:
    case Kind::kBoth:
      return std::ranges::equal(operands(left), operands(right));
    default:
      return left.a == right.a && left.b == right.b && left.min == right.min &&
             left.max == right.max;
  }
}

Expr ExpressionPool::intern(const Node& node) {
  const std::uint64_t code = hash(node);
  const Expr found = ids_.find(code, [&](Expr id) { return equal(nodes_[id], node); });
  if (found != IdTable::kNone) return found;
  if (nodes_.size() >= kNodesMax) exhausted_ = true;
  if (exhausted_) return kNothing;
  const auto id = static_cast<Expr>(nodes_.size());
  nodes_.push_back(node);
  table_of_.push_back(IdTable::kNone);
  ids_.insert(code, id);
  return id;
}

Expr ExpressionPool::bytes(const ByteSet& set) {
  if (set.empty()) return kNothing;
  sets_.push_back(set);
  Node node;
  node.kind = Kind::kBytes;
  node.a = static_cast<std::uint32_t>(sets_.size() - 1);
  const Expr expr = intern(node);
  if (nodes_[expr].a != node.a || expr == kNothing) sets_.pop_back();  // was there already
  return expr;
}

Expr ExpressionPool::literal(std::string_view text) {
  if (text.empty()) return kEmpty;
  if (text.size() == 1) return bytes(ByteSet::of(static_cast<std::uint8_t>(text[0])));
  Node node;
  node.kind = Kind::kLiteral;
  node.a = static_cast<std::uint32_t>(texts_.size());
  node.b = static_cast<std::uint32_t>(text.size());
  texts_ += text;
  const Expr expr = intern(node);
  if (nodes_[expr].a != node.a || expr == kNothing) texts_.resize(node.a);
  return expr;
}

Expr ExpressionPool::sequence(Expr first, Expr second) {
  if (first == kNothing || second == kNothing) return kNothing;
  if (first == kEmpty) return second;
  if (second == kEmpty) return first;
  // Sequences hang to the right, so that equal languages of one chain are equal expressions.
  if (nodes_[first].kind != Kind::kSequence) return link(first, second);
  std::vector<Expr> chain;
  while (nodes_[first].kind == Kind::kSequence) {
    chain.push_back(nodes_[first].a);
    first = nodes_[first].b;
  }
  chain.push_back(first);
  if (!spend(chain.size())) return kNothing;
  Expr tail = second;
  for (std::size_t i = chain.size(); i-- > 0 && tail != kNothing;) tail = link(chain[i], tail);
  return tail;
}

Expr ExpressionPool::link(Expr first, Expr rest) {
  Node node;
  node.kind = Kind::kSequence;
  node.a = first;
  node.b = rest;
  node.nullable = nullable(first) && nullable(rest);
  node.guarded = nodes_[first].guarded || nodes_[rest].guarded;
  return intern(node);
}

Expr ExpressionPool::sequence(std::initializer_list<Expr> parts) {
  Expr tail = kEmpty;
  for (const Expr* part = parts.end(); part-- != parts.begin();) tail = sequence(*part, tail);
  return tail;
}

void ExpressionPool::flatten(Kind kind, Expr part, std::vector<Expr>& out) const {
  if (nodes_[part].kind != kind) return out.push_back(part);
  const std::span<const Expr> inner = operands(nodes_[part]);
  out.insert(out.end(), inner.begin(), inner.end());
}

/// A union or intersection of `parts`, which are neutral or absorbing no more.
Expr ExpressionPool::combine(Kind kind, std::vector<Expr>& parts) {
  std::ranges::sort(parts);
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  if (parts.size() == 1) return parts.front();
  Node node;
  node.kind = kind;
  node.a = static_cast<std::uint32_t>(operands_.size());
  node.b = static_cast<std::uint32_t>(parts.size());
  node.nullable = kind == Kind::kBoth;
  node.guarded = kind == Kind::kBoth;
  for (const Expr part : parts) {
    node.nullable =
        kind == Kind::kBoth ? node.nullable && nullable(part) : node.nullable || nullable(part);
    node.guarded = node.guarded || nodes_[part].guarded;
  }
  operands_.insert(operands_.end(), parts.begin(), parts.end());
  const Expr expr = intern(node);
  if (nodes_[expr].a != node.a || expr == kNothing) operands_.resize(node.a);
  return expr;
}

Expr ExpressionPool::either(std::span<const Expr> given) {
  if (!spend(given.size())) return kNothing;
  std::vector<Expr> parts;
  for (const Expr part : given)
    if (part != kNothing) flatten(Kind::kEither, part, parts);
  ByteSet set;
  std::size_t kept = 0;
  for (const Expr part : parts) {
    const Node& node = nodes_[part];
    if (node.kind == Kind::kComplement && node.a == kNothing) return part;  // everything
    if (node.kind == Kind::kBytes)
      set |= sets_[node.a];
    else
      parts[kept++] = part;
  }
  parts.resize(kept);
  if (!set.empty()) parts.push_back(bytes(set));
  if (parts.empty()) return kNothing;
  return combine(Kind::kEither, parts);
}

Expr ExpressionPool::both(Expr first, Expr second) {
  if (first == kNothing || second == kNothing || !spend(2)) return kNothing;
  std::vector<Expr> parts;
  flatten(Kind::kBoth, first, parts);
  flatten(Kind::kBoth, second, parts);
  std::erase(parts, everything_);
  if (parts.empty()) return everything_;
  return combine(Kind::kBoth, parts);
}

Expr ExpressionPool::complement(Expr inner) {
  if (nodes_[inner].kind == Kind::kComplement) return nodes_[inner].a;
  Node node;
  node.kind = Kind::kComplement;
  node.a = inner;
  node.nullable = !nullable(inner);
  node.guarded = inner != kNothing;  // everything is known to be alive
  return intern(node);
}

Expr ExpressionPool::repeat(Expr inner, std::uint32_t min, std::uint32_t max) {
  CHECK(min <= max);
  if (max == 0 || inner == kEmpty) return kEmpty;
  if (inner == kNothing) return min == 0 ? kEmpty : kNothing;
  if (min == 1 && max == 1) return inner;
  const Node& repeated = nodes_[inner];
  if (repeated.nullable) min = 0;
  if (repeated.kind == Kind::kRepeat && repeated.min == 0 && repeated.max == kUnbounded)
    return inner;
  Node node;
  node.kind = Kind::kRepeat;
  node.a = inner;
  node.min = min;
  node.max = max;
  node.nullable = min == 0;
  node.guarded = repeated.guarded;
  return intern(node);
}

Expr ExpressionPool::derive(Expr expr, std::uint8_t byte) {
  const Kind kind = nodes_[expr].kind;  // no reference: deriving adds nodes, and they may move
  switch (kind) {
    case Kind::kNever:
    case Kind::kBlank:
      return kNothing;
    case Kind::kBytes:
      return sets_[nodes_[expr].a].has(byte) ? kEmpty : kNothing;
    case Kind::kLiteral:
      if (static_cast<std::uint8_t>(texts_[nodes_[expr].a]) != byte) return kNothing;
      break;
    default:
      break;
  }
  if (table_of_[expr] != IdTable::kNone) {
    const Expr known = tables_[table_of_[expr] + byte];
    if (known != IdTable::kNone) return known;
  }
  const Expr derived = derive_uncached(expr, byte);
  if (exhausted_) return kNothing;
  const bool tabled = kind != Kind::kLiteral && kind != Kind::kRepeat;
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  const bool counter = untabled_ != IdTable::kNone && nodes_[expr].kind == Kind::kSequence &&
                       is_repeat_then(expr, untabled_, nodes_[expr].b, min, max) &&
                       max != kUnbounded;
  if (tabled && !counter && tables_.size() < kTablesMax * 256) {
    if (table_of_[expr] == IdTable::kNone) {
      table_of_[expr] = static_cast<std::uint32_t>(tables_.size());
      tables_.resize(tables_.size() + 256, IdTable::kNone);
    }
    tables_[table_of_[expr] + byte] = derived;
  }
  return derived;
}

Expr ExpressionPool::derive_uncached(Expr expr, std::uint8_t byte) {
  if (!spend(4)) return kNothing;
  const Node node = nodes_[expr];  // a copy: the vector may move
  switch (node.kind) {
    case Kind::kLiteral: {
      if (node.b == 2) return bytes(ByteSet::of(static_cast<std::uint8_t>(texts_[node.a + 1])));
      if (node.max != 0) return node.max;
      if (!spend(node.b / 8)) return kNothing;
      Node tail = node;
      ++tail.a;
      --tail.b;
      const Expr found = intern(tail);
      nodes_[expr].max = found;  // not part of what makes literals equal
      return found;
    }
    case Kind::kSequence: {
      const Expr first = sequence(derive(node.a, byte), node.b);
      if (!nullable(node.a)) return first;
      std::vector<Expr> parts{first};
      Expr rest = node.b;
      while (nodes_[rest].kind == Kind::kSequence) {
        const Node link = nodes_[rest];
        parts.push_back(sequence(derive(link.a, byte), link.b));
        rest = link.b;
        if (!nullable(link.a)) return either(parts);
        if (!spend(1)) return kNothing;
      }
      parts.push_back(derive(rest, byte));
      return either(parts);
    }
    case Kind::kEither: {
      if (!first_bytes(expr).has(byte)) return kNothing;
      std::vector<Expr> parts;
      if (!spend(node.b)) return kNothing;
      for (std::uint32_t i = 0; i < node.b; ++i) {
        const Expr part = derive(operands_[node.a + i], byte);
        if (part != kNothing) parts.push_back(part);
      }
      return either(parts);
    }
    case Kind::kBoth: {
      Expr all = everything_;
      for (std::uint32_t i = 0; i < node.b && all != kNothing; ++i) {
        const Expr part = derive(operands_[node.a + i], byte);
        if (part == everything_) continue;
        all = all == everything_ ? part : both(all, part);
      }
      return all;
    }
    case Kind::kComplement:
      return complement(derive(node.a, byte));
    case Kind::kRepeat:
      return sequence(derive(node.a, byte),
                      repeat(node.a, node.min == 0 ? 0 : node.min - 1,
                             node.max == kUnbounded ? kUnbounded : node.max - 1));
    case Kind::kMultiple:
      return derive_multiple(node, byte);
    default:
      return kNothing;
  }
}

const ByteSet& ExpressionPool::first_bytes(Expr either) {
  if (nodes_[either].max == 0) {
    ByteSet set;
    const Node node = nodes_[either];
    for (const Expr part : operands(node)) {
      Expr begin = part;
      while (nodes_[begin].kind == Kind::kSequence && !nullable(nodes_[begin].a))
        begin = nodes_[begin].a;
      const Node& first = nodes_[begin];
      if (first.kind == Kind::kLiteral)
        set.add(static_cast<std::uint8_t>(texts_[first.a]));
      else if (first.kind == Kind::kBytes)
        set |= sets_[first.a];
      else
        set = ByteSet::range(0, 255);
    }
    first_bytes_.push_back(set);
    nodes_[either].max = static_cast<std::uint32_t>(first_bytes_.size());
  }
  return first_bytes_[nodes_[either].max - 1];
}

Expr ExpressionPool::step_anew(Expr expr, std::uint8_t byte) {
  const Expr next = derive(expr, byte);
  if (next == kNothing || !nodes_[next].guarded || !dead(next)) return next;
  if (table_of_[expr] != IdTable::kNone && !exhausted_) tables_[table_of_[expr] + byte] = kNothing;
  return kNothing;
}

bool ExpressionPool::dead(Expr expr) {
  {
    const Node& node = nodes_[expr];
    if (expr == kNothing) return true;
    if (!node.guarded || node.nullable || node.life == Life::kAlive) return false;
    if (node.life == Life::kDead) return true;
    if (node.kind == Kind::kSequence) {
      const Node copy = node;
      const bool is_dead = dead(copy.a) || dead(copy.b);
      nodes_[expr].life = is_dead ? Life::kDead : Life::kAlive;
      return is_dead;
    }
  }
  // Depth first through the derivatives until one is known to be alive; when there are no new ones,
  // all that were visited are dead. A quote and digits come first: they end most terminals of JSON.
  struct Visit {
    Expr state;
    unsigned next = 0;
  };
  constexpr std::string_view kFirst = "\"0159a}";
  std::vector<Visit> way{{expr}};
  std::vector<Expr> visited{expr};
  std::vector<bool> seen(nodes_.size(), false);
  seen[expr] = true;
  while (!way.empty()) {
    Visit& visit = way.back();
    if (visit.next == 256 + kFirst.size()) {
      way.pop_back();
      continue;
    }
    const unsigned at = visit.next++;
    const auto byte = static_cast<std::uint8_t>(
        at < kFirst.size() ? static_cast<unsigned char>(kFirst[at]) : at - kFirst.size());
    const Expr next = derive(visit.state, byte);
    if (exhausted_) return true;
    if (next == kNothing) continue;
    const Node& node = nodes_[next];
    if (node.nullable || !node.guarded || node.life == Life::kAlive) {
      for (const Visit& step : way) nodes_[step.state].life = Life::kAlive;
      return false;
    }
    if (node.life == Life::kDead) continue;
    if (seen.size() < nodes_.size()) seen.resize(nodes_.size(), false);
    if (seen[next]) continue;
    seen[next] = true;
    visited.push_back(next);
    way.push_back({next});
  }
  for (const Expr state : visited) nodes_[state].life = Life::kDead;
  return true;
}

bool ExpressionPool::matches(Expr expr, std::string_view text) {
  for (const char byte : text) {
    expr = derive(expr, static_cast<std::uint8_t>(byte));
    if (expr == kNothing) return false;
  }
  return nullable(expr);
}

bool ExpressionPool::is_repeat_then(Expr expr, Expr inner, Expr rest, std::uint32_t& min,
                                    std::uint32_t& max) const {
  const Node& node = nodes_[expr];
  if (node.kind != Kind::kSequence || node.b != rest) return false;
  const Node& first = nodes_[node.a];
  if (node.a == inner) {
    min = max = 1;
    return true;
  }
  if (first.kind != Kind::kRepeat || first.a != inner) return false;
  min = first.min;
  max = first.max;
  return true;
}

std::vector<std::string> ExpressionPool::literals(Expr expr) const {
  std::vector<Expr> parts;
  flatten(Kind::kEither, expr, parts);
  std::vector<std::string> texts;
  for (const Expr part : parts) {
    const Node& node = nodes_[part];
    if (node.kind != Kind::kLiteral) return {};
    texts.push_back(texts_.substr(node.a, node.b));
  }
  return texts;
}

// A multiple's state: a = index of the step, b = flags below, min = remainder, max = places left.
namespace {
constexpr std::uint32_t kDigitSeen = 1;
constexpr std::uint32_t kInFraction = 2;
}  // namespace

Expr ExpressionPool::multiple_of(std::uint64_t step, std::uint32_t places) {
  CHECK(step > 0 && step < (std::uint64_t{1} << 32));
  Node node;
  node.kind = Kind::kMultiple;
  const auto known = std::ranges::find(steps_of_multiples_, step);
  node.a = static_cast<std::uint32_t>(known - steps_of_multiples_.begin());
  if (known == steps_of_multiples_.end()) steps_of_multiples_.push_back(step);
  node.max = places;
  return intern(node);
}

Expr ExpressionPool::derive_multiple(const Node& node, std::uint8_t byte) {
  Node next = node;
  if (byte == '.') {
    if (node.b != kDigitSeen) return kNothing;
    next.b = kInFraction;
  } else if (byte >= '0' && byte <= '9') {
    const std::uint64_t step = steps_of_multiples_[node.a];
    const bool past = (node.b & kInFraction) != 0 && node.max == 0;
    if (past && byte != '0') return kNothing;  // finer than any multiple
    if (!past)
      next.min = static_cast<std::uint32_t>((node.min * std::uint64_t{10} + byte - '0') % step);
    if ((node.b & kInFraction) != 0 && node.max > 0) --next.max;
    next.b |= kDigitSeen;
  } else {
    return kNothing;
  }
  std::uint64_t remainder = next.min;
  for (std::uint32_t i = 0; i < next.max; ++i)
    remainder = remainder * 10 % steps_of_multiples_[node.a];
  next.nullable = (next.b & kDigitSeen) != 0 && remainder == 0;
  return intern(next);
}

}  // namespace nearside::grammar
