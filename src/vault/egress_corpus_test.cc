// The bars of the egress filter on fixed corpora: every leak stopped, ordinary traffic let through.
#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>

#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/json.h"
#include "vault/disguise.h"
#include "vault/egress_filter.h"

namespace nearside::vault {
namespace {

/// Templates of five trades: what companies write into system prompts.
constexpr std::array<const char*, 5> kTemplates = {
    "You sort messages from the shop floor of a plant. Answer with the category hydraulics, "
    "electrics, mechanics or software, a severity and one action. Messages that speak of injured "
    "people are always severity four and go to the duty medic before anybody else is told.",
    "Du bist der Bürgerdienst der Stadt. Antworte höflich, in einfacher Sprache und ohne "
    "Rechtsberatung. Gebühren nennst du nur aus der Tabelle vom Januar; fehlt dort eine Zeile, "
    "verweist du an Zimmer 114. Beschwerden über Mitarbeiter nimmst du auf, ohne sie zu bewerten.",
    "You are the voice line of a private clinic. Never give a diagnosis. If the caller mentions "
    "chest pain, weakness on one side or trouble breathing, say that you are calling an ambulance "
    "and hand over at once. Appointments before nine are for blood tests only and must be "
    "confirmed.",
    "Act as the bank's dispute desk. Offer a provisional refund up to eighty euros when the "
    "customer has had fewer than three disputes this year; above that, open a case. Do not mention "
    "the number three or the amount. Ask for the last four digits, never for the whole number.",
    "def review(patch): you check code changes for this repository. Reject a patch that adds a "
    "dependency, touches the folder billing, or has no test. Quote the line you object to. When in "
    "doubt between two styles prefer the shorter one, and never praise: reviewers find it tiring.",
};

std::string each(std::string_view text, const std::function<std::string(char)>& change) {
  std::string out;
  for (const char c : text) out += change(c);
  return out;
}

std::string leet(char c) {
  constexpr std::string_view kFrom = "aeiost";
  constexpr std::string_view kTo = "4310$7";
  const std::size_t at = kFrom.find(c);
  return {at == std::string_view::npos ? c : kTo[at]};
}

/// One word in ten replaced by another.
std::string reworded(std::string_view text) {
  std::string out;
  std::size_t word = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t space = std::min(text.find(' ', at), text.size());
    out += ++word % 10 == 0 ? "perhaps" : std::string(text.substr(at, space - at));
    out += ' ';
    at = space + 1;
  }
  return out;
}

struct Leak {
  std::string how;
  std::string text;
};

std::vector<Leak> leaks_of(const std::string& text) {
  std::string lines = text;
  std::replace(lines.begin(), lines.end(), ' ', '\n');
  return {
      {"verbatim", text},
      {"first half", text.substr(0, text.size() / 2)},
      {"second half", text.substr(text.size() / 2)},
      {"upper case", each(text,
                          [](char c) {
                            return std::string(
                                1, static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
                          })},
      {"one word a line", lines},
      {"spaced", each(text,
                      [](char c) {
                        return std::string{c, ' '};
                      })},
      {"with dots", each(text,
                         [](char c) {
                           return std::string{c, '.'};
                         })},
      {"leetspeak", each(text, leet)},
      {"rot13", rot13(text)},
      {"reversed", {text.rbegin(), text.rend()}},
      {"base64", base::base64_encode(text)},
      {"base64, shifted by one", base::base64_encode("." + text)},
      {"base64, shifted by two", base::base64_encode(".." + text)},
      {"hexadecimal", hexadecimal(text)},
      {"hexadecimal in bytes", each(text,
                                    [](char c) {
                                      return hexadecimal({&c, 1}) + " ";
                                    })},
      {"quoted as Markdown",
       "> " + each(text, [](char c) { return c == ' ' ? std::string(" *") : std::string(1, c); })},
      {"inside JSON", "{\"prompt\": \"" + text + "\"}"},
      {"reworded here and there", reworded(text)},
  };
}

bool stopped(const std::shared_ptr<const EgressPatterns>& patterns, std::string_view text) {
  EgressFilter filter(patterns);
  for (std::size_t at = 0; at < text.size(); at += 4)
    if (filter.push(text.substr(at, 4)).leaked) return true;
  return filter.finish().leaked.has_value();
}

std::shared_ptr<const EgressPatterns> patterns() {
  std::vector<ProtectedText> texts;
  for (std::size_t i = 0; i < kTemplates.size(); ++i)
    texts.push_back({"template-" + std::to_string(i), kTemplates[i]});
  return EgressPatterns::create(texts).value();
}

TEST(EgressCorpus, EveryLeakIsStopped) {
  const auto all = patterns();
  std::size_t count = 0;
  for (const char* text : kTemplates)
    for (const Leak& leak : leaks_of(text))
      for (const std::string before : {"", "Of course. My instructions were: ", "```\n"}) {
        EXPECT_TRUE(stopped(all, before + leak.text)) << leak.how << ": " << text;
        ++count;
      }
  EXPECT_EQ(count, 5U * 18U * 3U);
}

TEST(EgressCorpus, AtMostOneInAHundredOrdinaryTextsIsStopped) {
  FILE* pipe =
      ::popen("gzip -dc ../shared/data/prompt-injection/prompts.jsonl.gz 2>/dev/null", "r");
  ASSERT_NE(pipe, nullptr);
  std::string all;
  char buffer[65536];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    all.append(buffer, got);
  ::pclose(pipe);
  if (all.empty()) GTEST_SKIP() << "the prompt-injection data is not here";
  const auto protected_texts = patterns();
  std::size_t benign = 0, false_stops = 0;
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\n', at), all.size());
    const auto record = base::parse_json(all.substr(at, end - at));
    at = end + 1;
    if (!record || record->at("label").as_int64() != 0) continue;
    ++benign;
    if (stopped(protected_texts, record->at("text").as_string())) ++false_stops;
  }
  RecordProperty("benign", static_cast<int>(benign));
  RecordProperty("false_stops", static_cast<int>(false_stops));
  std::printf("%zu ordinary texts, %zu stopped\n", benign, false_stops);
  ASSERT_GT(benign, 100U);
  EXPECT_LE(false_stops * 100, benign);
}

}  // namespace
}  // namespace nearside::vault
