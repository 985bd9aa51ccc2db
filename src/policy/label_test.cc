// Labels of whole conversations.
#include "policy/label.h"

#include <thread>

#include <gtest/gtest.h>

#include "policy/language.h"
#include "policy/patterns_only_for_test.h"

namespace nearside::policy {
namespace {

/// Compiling the patterns takes a tenth of a second: once is enough for all tests that change
/// nothing.
const Labeler& default_labeler() {
  static const Labeler instance = *Labeler::create(patterns_only());
  return instance;
}

chat::Request request_of(std::string_view json) {
  const auto value = *base::parse_json(json);
  chat::Request request;
  const auto& object = value.as_object();
  request.messages = object.at("messages").as_array();
  if (object.contains("tools")) request.tools = object.at("tools").as_array();
  request.original = object;
  return request;
}

Label label_request(const Labeler& labeler, std::string_view json) {
  const chat::Request request = request_of(json);
  return *labeler.label(Conversation::of(request));
}

TEST(Label, IsTheDefaultWhenNothingIsFound) {
  LabelRules rules = patterns_only();
  rules.base = Sensitivity::kPublic;
  const Label label = *Labeler::create(rules)->label(Conversation::of("hello"));
  EXPECT_EQ(label.sensitivity, Sensitivity::kPublic);
  EXPECT_TRUE(label.categories.empty());
  EXPECT_TRUE(label.regions.anywhere());
}

TEST(Label, IsRaisedButNeverLoweredByTheRequest) {
  const Labeler& labeler = default_labeler();
  const auto conversation = Conversation::of("IBAN DE89 3704 0044 0532 0130 00");
  EXPECT_EQ(labeler.label(conversation, Sensitivity::kPublic)->sensitivity,
            Sensitivity::kConfidential);
  EXPECT_EQ(labeler.label(Conversation::of("hello"), Sensitivity::kRestricted)->sensitivity,
            Sensitivity::kRestricted);
}

TEST(Label, ReadsEveryPlaceAConversationCanHideTextIn) {
  const Labeler& labeler = default_labeler();
  const std::string_view hidden[] = {
      R"({"messages":[{"role":"system","content":"DE89370400440532013000"},{"role":"user","content":"hi"}]})",
      R"({"messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"DE89370400440532013000"}]}]})",
      R"({"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"pay","arguments":"{\"to\":\"\\nDE89370400440532013000\"}"}}]}]})",
      R"({"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"pay","arguments":"{\"to\": \"DE89370400440532013000"}}]}]})",
      R"({"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"pay","arguments":"{\"DE89370400440532013000\":1}"}}]}]})",
      R"({"messages":[{"role":"tool","tool_call_id":"1","content":"DE89370400440532013000"}]})",
      R"({"messages":[{"role":"user","name":"DE89370400440532013000","content":"hi"}]})",
      R"({"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","description":"DE89370400440532013000"}}]})",
      R"({"messages":[{"role":"user","content":"hi"}],"user":"DE89370400440532013000"})",
      R"({"messages":[{"role":"user","content":"hi"}],"metadata":{"account":"DE89370400440532013000"}})",
      R"({"messages":[{"role":"user","content":"hi","card":4111111111111111}]})"};
  for (const std::string_view json : hidden)
    EXPECT_EQ(label_request(labeler, json).sensitivity, Sensitivity::kConfidential) << json;
}

TEST(Label, ReadsMembersThatAreNamedLikeTheProtocolsOwn) {
  // Only words of small letters are the protocol's: "type": "tool_result".
  for (const char* text :
       {R"({"messages":[{"role":"user","content":[{"type":"jo@plant.example"}]}]})",
        R"({"messages":[],"metadata":{"role":"jo@plant.example"}})",
        R"({"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":
            "{\"type\":\"jo@plant.example\"}"}}]}]})"})
    EXPECT_EQ(label_request(default_labeler(), text).categories, std::vector<std::string>{"email"})
        << text;
}

TEST(Label, TakesWhatCannotBeReadForConfidential) {
  const Labeler& labeler = default_labeler();
  const Label label = label_request(
      labeler,
      R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]})");
  EXPECT_EQ(label.sensitivity, Sensitivity::kConfidential);
  EXPECT_EQ(label.categories, std::vector<std::string>{"attachment"});
}

TEST(Label, FindsConfiguredWordsAsWholeWordsInAnyCase) {
  LabelRules rules = patterns_only();
  rules.words = {{"project",
                  Sensitivity::kRestricted,
                  Regions::only({"eu"}),
                  {"Projekt Möwe", "straße 9", "Gehalt*", "C++"}}};
  const Labeler labeler = *Labeler::create(rules);
  const auto found = [&](std::string_view text) {
    return labeler.label(Conversation::of(text))->findings_count;
  };
  for (const std::string_view text :
       {"das PROJEKT MÖWE läuft", "projekt\nmöwe", "Projekt Moewe.", "projekt mo\xcc\x88we",
        "STRASSE 9", "Straẞe 9", "die Gehaltsliste", "gehalt", "in C++ geschrieben",
        "(Projekt\xc2\xa0Möwe)"})
    EXPECT_EQ(found(text), 1U) << text;
  for (const std::string_view text : {"Projekt Möwen", "Unprojekt Möwe", "ÄProjekt Möwe",
                                      "straße 91", "Grundgehalt", "Projekt Adler"})
    EXPECT_EQ(found(text), 0U) << text;
  const Label label = *labeler.label(Conversation::of("Projekt Möwe"));
  EXPECT_EQ(label.regions.names(), std::vector<std::string>{"eu"});
  EXPECT_EQ(label.findings[0].detector, "words:project");
}

TEST(Label, NarrowsRegionsByEveryCategoryFound) {
  LabelRules rules = patterns_only();
  rules.category_regions["iban"] = Regions::only({"eu"});
  rules.category_regions["email"] = Regions::only({"eu-de", "us"});
  const Labeler labeler = *Labeler::create(rules);
  const Label label = *labeler.label(Conversation::of("a@example.com DE89370400440532013000"));
  EXPECT_EQ(label.regions.names(), std::vector<std::string>{"eu-de"});
}

TEST(Label, FollowsTheDetectorsRules) {
  LabelRules rules = patterns_only();
  rules.detectors["iban"] = {true, Sensitivity::kInternal};
  rules.detectors["email"] = {false, Sensitivity::kRestricted};
  const Labeler labeler = *Labeler::create(rules);
  const Label label = *labeler.label(Conversation::of("a@example.com DE89370400440532013000"));
  EXPECT_EQ(label.sensitivity, Sensitivity::kInternal);
  EXPECT_EQ(label.categories, std::vector<std::string>{"iban"});
}

TEST(Label, CountsAllFindingsAndKeepsABoundedNumber) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "user" + std::to_string(i) + "@example.com ";
  const Label label = *default_labeler().label(Conversation::of(text));
  EXPECT_EQ(label.findings_count, 1000U);
  EXPECT_EQ(label.findings.size(), kFindingsKept);
}

TEST(Label, RefusesRulesItCannotFollow) {
  LabelRules unknown;
  unknown.detectors["ibam"] = {};
  EXPECT_EQ(Labeler::create(unknown).error().code, base::Code::kInvalidArgument);
  for (const char* word : {"", "   ", "++", " x", "\xff\xfe"}) {
    LabelRules rules = patterns_only();
    rules.words = {{"c", Sensitivity::kRestricted, {}, {word}}};
    EXPECT_FALSE(Labeler::create(rules).has_value()) << word;
  }
}

TEST(Label, MayBeComputedFromManyThreads) {
  const Labeler& labeler = default_labeler();
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i)
        EXPECT_EQ(labeler.label(Conversation::of("call +49 30 1234567"))->findings_count, 1U);
    });
}

TEST(Regions, NarrowToWhatBothPermit) {
  const Regions eu = Regions::only({"eu"});
  EXPECT_TRUE(eu.permits("eu-de-fra"));
  EXPECT_TRUE(eu.permits("eu"));
  EXPECT_FALSE(eu.permits("europe"));
  EXPECT_FALSE(eu.permits(""));
  EXPECT_TRUE(Regions().permits(""));
  EXPECT_EQ(eu.intersect(Regions::only({"eu-de", "us"})).names(),
            std::vector<std::string>{"eu-de"});
  EXPECT_TRUE(eu.intersect(Regions::only({"us"})).nowhere());
  for (const char* bad : {"", "-eu", "eu-", "eu--de", "EU", "eu_de"})
    EXPECT_FALSE(region_is_well_formed(bad));
}

TEST(Language, IsGuessedFromFrequentWords) {
  EXPECT_EQ(guess_language("The conveyor in hall 2 has stopped and the motor is hot"), "en");
  EXPECT_EQ(guess_language("Das Förderband in Halle 2 steht und der Motor ist heiß"), "de");
  EXPECT_EQ(guess_language("Pumpe läuft heiß"), "de");
  EXPECT_EQ(guess_language("Foerderband steht, bitte die Schicht informieren"), "de");
  EXPECT_EQ(guess_language("M7 E-404"), "");
  EXPECT_EQ(guess_language("Le convoyeur est en panne"), "");
  EXPECT_EQ(guess_language(""), "");
}

}  // namespace
}  // namespace nearside::policy
