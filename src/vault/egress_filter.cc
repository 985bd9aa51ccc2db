#include "vault/egress_filter.h"

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "vault/disguise.h"

namespace nearside::vault {

using base::Code;
using base::fail;

namespace {

constexpr std::size_t kReadings = 3;
constexpr std::size_t kLetters = 0;
constexpr std::size_t kDigits = 1;
constexpr std::size_t kBase64 = 2;
// Spaces, punctuation and other letters between two counted ones are held back with them; past this
// they go out, so that a stream of nothing but such bytes does not grow without bound.
constexpr std::size_t kHeldBytesMax = 8192;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The letter a digit or sign stands for in leetspeak; the letter itself; 0 for what is dropped.
/// i and l are one letter, since 1, ! and | stand for both.
char letter_of(char raw) {
  const char c = lower(raw);
  switch (c) {
    case '0':
      return 'o';
    case '1':
    case '!':
    case '|':
    case 'l':
      return 'i';
    case '3':
      return 'e';
    case '4':
    case '@':
      return 'a';
    case '5':
    case '$':
      return 's';
    case '7':
    case '+':
      return 't';
    case '8':
      return 'b';
    default:
      return c >= 'a' && c <= 'z' ? c : '\0';
  }
}

/// How a byte counts in a reading; 0: not at all.
char symbol(std::size_t reading, char c) {
  if (reading == kLetters) return letter_of(c);
  if (reading == kDigits) return digit_or_letter(c);
  // base64url too.
  if (c == '-') return '+';
  if (c == '_') return '/';
  return digit_or_letter(c) != '\0' || c == '+' || c == '/' ? c : '\0';
}

std::string read_as(std::size_t reading, std::string_view text) {
  std::string symbols;
  for (const char c : text)
    if (const char s = symbol(reading, c); s != '\0') symbols += s;
  return symbols;
}

/// A piece of up to 16 symbols as a number: FNV-1a, good enough to tell pieces apart.
std::uint64_t piece_hash(std::string_view piece) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : piece) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

}  // namespace

struct EgressPatterns::Tables {
  EgressOptions options;
  std::vector<std::string> names;
  /// By reading: piece -> texts (a bit each of the first 64; later ones share bits).
  std::array<std::unordered_map<std::uint64_t, std::uint64_t>, kReadings> pieces;

  void add(std::size_t reading, const std::string& symbols, std::size_t text) {
    for (std::size_t i = 0; i + options.piece_length <= symbols.size(); ++i)
      pieces[reading][piece_hash(std::string_view(symbols).substr(i, options.piece_length))] |=
          std::uint64_t{1} << (text % 64);
  }
};

EgressPatterns::EgressPatterns(std::unique_ptr<Tables> tables) : tables_(std::move(tables)) {}
EgressPatterns::~EgressPatterns() = default;

base::Result<std::shared_ptr<const EgressPatterns>> EgressPatterns::create(
    const std::vector<ProtectedText>& texts, const EgressOptions& options) {
  if (options.piece_length < 4 || options.piece_length > 16 || options.window < 16 ||
      options.window > 1024 || options.share_min <= 0.0 || options.share_min > 1.0)
    return fail(Code::kInvalidArgument, "impossible options of the egress filter");
  auto tables = std::make_unique<Tables>();
  tables->options = options;
  for (const ProtectedText& text : texts) {
    const std::size_t index = tables->names.size();
    tables->names.push_back(text.name);
    const std::string letters = read_as(kLetters, text.text);
    if (letters.size() < 2 * options.window)
      return fail(Code::kInvalidArgument,
                  "the protected text {} has fewer than {} letters and cannot be told from chance",
                  text.name, 2 * options.window);
    tables->add(kLetters, letters, index);
    tables->add(kLetters, std::string(letters.rbegin(), letters.rend()), index);
    // Turned before it is read: i and l are one letter only after that.
    tables->add(kLetters, read_as(kLetters, rot13(text.text)), index);
    tables->add(kDigits, hexadecimal(text.text), index);
    for (std::size_t skip = 0; skip < 3; ++skip)
      tables->add(kBase64, base64_digits(std::string_view(text.text).substr(skip)), index);
  }
  return std::shared_ptr<const EgressPatterns>(new EgressPatterns(std::move(tables)));
}

struct EgressFilter::State {
  /// One reading of the stream.
  struct Reading {
    std::string recent;               // the latest symbols, piece_length at most
    std::vector<std::uint64_t> ring;  // texts of the latest `window` pieces
    std::size_t at = 0;
    std::size_t hits = 0;  // entries of the ring that are not 0
  };

  explicit State(std::shared_ptr<const EgressPatterns> shared) : patterns(std::move(shared)) {
    for (Reading& reading : readings) reading.ring.assign(patterns->tables_->options.window, 0);
  }

  std::shared_ptr<const EgressPatterns> patterns;
  std::array<Reading, kReadings> readings;
  std::string held;
  std::deque<std::size_t> counted;  // positions in the stream of symbols in `held`
  std::size_t held_begin = 0;       // position in the stream of held[0]
  std::size_t position = 0;
  std::optional<std::string> leaked;

  /// The text that the window is a copy of, if it is one.
  [[nodiscard]] std::optional<std::string> copied(const Reading& reading) const {
    const auto& tables = *patterns->tables_;
    const auto least = static_cast<std::size_t>(static_cast<double>(tables.options.window) *
                                                tables.options.share_min);
    if (reading.hits < least) return std::nullopt;
    for (std::size_t text = 0; text < std::min<std::size_t>(64, tables.names.size()); ++text) {
      const auto of_text = static_cast<std::size_t>(
          std::count_if(reading.ring.begin(), reading.ring.end(),
                        [text](std::uint64_t texts) { return (texts >> text & 1) != 0; }));
      if (of_text >= least) return tables.names[text];
    }
    return std::nullopt;
  }

  void read(std::size_t which, char c) {
    const char s = symbol(which, c);
    if (s == '\0') return;
    const auto& tables = *patterns->tables_;
    Reading& reading = readings[which];
    if (reading.recent.size() == tables.options.piece_length) reading.recent.erase(0, 1);
    reading.recent += s;
    if (reading.recent.size() < tables.options.piece_length) return;
    const auto found = tables.pieces[which].find(piece_hash(reading.recent));
    const std::uint64_t texts = found == tables.pieces[which].end() ? 0 : found->second;
    reading.hits -= reading.ring[reading.at] != 0 ? 1 : 0;
    reading.hits += texts != 0 ? 1 : 0;
    reading.ring[reading.at] = texts;
    reading.at = (reading.at + 1) % reading.ring.size();
    if (texts != 0) leaked = copied(reading);
  }

  /// Lets out what can no longer be the beginning of a copy that is still unrecognised.
  std::string release() {
    const auto& options = patterns->tables_->options;
    // A copy is known at the latest when a window and a piece of it have been read.
    const std::size_t keep = options.window + options.piece_length;
    std::size_t out = 0;
    while (counted.size() > keep) {
      out = counted.front() + 1 - held_begin;
      counted.pop_front();
    }
    if (held.size() - out > kHeldBytesMax) out = held.size() - kHeldBytesMax;
    // Not in the middle of a character.
    while (out > 0 && out < held.size() && (held[out] & 0xC0) == 0x80) --out;
    std::string text = held.substr(0, out);
    held.erase(0, out);
    held_begin += out;
    while (!counted.empty() && counted.front() < held_begin) counted.pop_front();
    return text;
  }
};

EgressFilter::EgressFilter(std::shared_ptr<const EgressPatterns> patterns)
    : state_(std::make_unique<State>(std::move(patterns))) {}
EgressFilter::~EgressFilter() = default;
EgressFilter::EgressFilter(EgressFilter&&) noexcept = default;

Egress EgressFilter::push(std::string_view text) {
  State& state = *state_;
  if (state.leaked) return {"", state.leaked};
  for (const char c : text) {
    state.held += c;
    // The widest reading decides what counts as held: letters, digits, and what stands for them.
    if (symbol(kLetters, c) != '\0' || symbol(kBase64, c) != '\0')
      state.counted.push_back(state.position);
    ++state.position;
    for (std::size_t reading = 0; reading < kReadings && !state.leaked; ++reading)
      state.read(reading, c);
    if (state.leaked) {
      state.held.clear();
      return {"", state.leaked};
    }
  }
  return {state.release(), std::nullopt};
}

Egress EgressFilter::finish() {
  State& state = *state_;
  if (state.leaked) return {"", state.leaked};
  return {std::exchange(state.held, ""), std::nullopt};
}

}  // namespace nearside::vault
