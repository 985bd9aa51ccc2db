#include <random>

#include <gtest/gtest.h>

#include "policy/pseudonyms/pseudonymizer.h"
#include "policy/pseudonyms/stream_restorer.h"

namespace nearside::policy {
namespace {

const Labeler& labeler() {
  static const Labeler instance = *Labeler::create({});
  return instance;
}

TEST(Pseudonymizer, ReplacesTheSameThingByTheSamePlaceholder) {
  const Pseudonymizer pseudonymizer(labeler(), usual_pseudonym_detectors());
  PseudonymTable table;
  EXPECT_EQ(*pseudonymizer.replace("Write to anna@plant.example and to bert@plant.example", table),
            "Write to [EMAIL_1] and to [EMAIL_2]");
  EXPECT_EQ(*pseudonymizer.replace("Did ANNA@plant.example answer?", table),
            "Did [EMAIL_1] answer?");
  EXPECT_EQ(table.value("[EMAIL_1]"), "anna@plant.example");
}

TEST(Pseudonymizer, LeavesWhatIsNotConfidentialUnlessToldOtherwise) {
  PseudonymTable table, of_urls;
  const std::string text = "See https://plant.example/a for IBAN DE89370400440532013000";
  EXPECT_EQ(*Pseudonymizer(labeler(), usual_pseudonym_detectors()).replace(text, table),
            "See https://plant.example/a for IBAN [IBAN_1]");
  EXPECT_EQ(*Pseudonymizer(labeler(), {"url"}).replace(text, of_urls),
            "See [URL_1] for IBAN DE89370400440532013000");
}

TEST(Pseudonymizer, DoesNotTakeTheCallersOwnBracketsForItsPlaceholders) {
  const Pseudonymizer pseudonymizer(labeler(), usual_pseudonym_detectors());
  PseudonymTable table;
  const std::string text = "[EMAIL_1] is a label; write to anna@plant.example";
  table.avoid(text);
  EXPECT_EQ(*pseudonymizer.replace(text, table), "[EMAIL_1] is a label; write to [EMAIL_2]");
  StreamRestorer restorer(table);
  EXPECT_EQ(restorer.push("[EMAIL_1] [EMAIL_2]") + restorer.finish(),
            "[EMAIL_1] anna@plant.example");
}

TEST(Pseudonymizer, ReplacesWhatItKnowsAlsoWhereNobodyWouldFindIt) {
  PseudonymTable table;
  ASSERT_TRUE(table.placeholder("person", "Anna Schmidt"));
  ASSERT_TRUE(table.placeholder("iban", "DE89 3704 0044 0532 0130 00"));
  EXPECT_EQ(table.replace("ANNA\n schmidt_2, xDE89 3704 0044 0532 0130 00x"),
            "[PERSON_1]_2, x[IBAN_1]x");
  EXPECT_EQ(table.replace("Hanna Schmidt, Anna Schmidtke"), "Hanna Schmidt, Anna Schmidtke");
  ASSERT_TRUE(table.placeholder("person", "Mark"));
  EXPECT_EQ(table.replace("Mark my words: mark this, Marko"),
            "[PERSON_2] my words: mark this, Marko");
  EXPECT_EQ(table.replace(table.replace("[PERSON_1] Anna Schmidt")), "[PERSON_1] [PERSON_1]");
}

TEST(Pseudonymizer, ReplacesValuesInsideOthersThatStay) {
  const Pseudonymizer pseudonymizer(labeler(), usual_pseudonym_detectors());
  for (const std::string text :
       {"see https://plant.example/?to=anna@plant-mail.org&x=1",
        "SELECT * FROM users WHERE mail = 'anna@plant-mail.org' AND ip = '10.20.30.40';",
        "password: anna@plant-mail.org"}) {
    PseudonymTable table;
    const std::string sent = *pseudonymizer.replace(text, table);
    EXPECT_EQ(sent.find("anna@"), std::string::npos) << sent;
    EXPECT_EQ(sent.find("10.20"), std::string::npos) << sent;
  }
}

TEST(Pseudonymizer, NumbersAreEqualHoweverTheyAreGrouped) {
  PseudonymTable table;
  EXPECT_EQ(*table.placeholder("iban", "DE89 3704 0044 0532 0130 00"), "[IBAN_1]");
  EXPECT_EQ(*table.placeholder("iban", "DE89370400440532013000"), "[IBAN_1]");
  EXPECT_EQ(table.replace("DE89370400440532013000"), "[IBAN_1]");
}

TEST(PseudonymTable, RefusesMoreThanItsBound) {
  PseudonymTable table;
  for (std::size_t i = 0; i < kPseudonymsMax; ++i)
    ASSERT_TRUE(table.placeholder("email", std::to_string(i)));
  EXPECT_TRUE(table.placeholder("email", "7"));
  EXPECT_FALSE(table.placeholder("email", "one more"));
}

TEST(StreamRestorer, RestoresHoweverTheAnswerIsCut) {
  PseudonymTable table;
  ASSERT_TRUE(table.placeholder("person", "Anna Schmidt"));
  ASSERT_TRUE(table.placeholder("iban", "DE89 3704"));
  const std::string answer =
      "Dear [PERSON_1], [IBAN_1]? [PERSON_2] [x] [[PERSON_1]] [PERSON_1 [note](url) a[1] [";
  const std::string wanted =
      "Dear Anna Schmidt, DE89 3704? [PERSON_2] [x] [Anna Schmidt] [PERSON_1 [note](url) a[1] [";
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    StreamRestorer restorer(table);
    std::string out;
    std::size_t at = 0;
    while (at < answer.size()) {
      const std::size_t size = 1 + random() % 9;
      out += restorer.push(std::string_view(answer).substr(at, size));
      EXPECT_LT(restorer.held_bytes(), table.placeholder_bytes_max());
      at += size;
    }
    EXPECT_EQ(out + restorer.finish(), wanted);
  }
}

TEST(StreamRestorer, EscapesValuesInsideJson) {
  PseudonymTable table;
  ASSERT_TRUE(table.placeholder("address", "1 \"Old\" Road\nYork"));
  StreamRestorer restorer(table, StreamRestorer::Spelling::kJson);
  std::string out = restorer.push(R"({"to":"[ADDR)");
  out += restorer.push(R"(ESS_1]"})");
  EXPECT_EQ(out, R"({"to":"1 \"Old\" Road\nYork"})");
}

TEST(StreamRestorer, HoldsNothingBackWhenNothingWasReplaced) {
  PseudonymTable table;
  StreamRestorer restorer(table);
  EXPECT_EQ(restorer.push("a [b"), "a [b");
}

TEST(Pseudonyms, ComeBackAsTheyWere) {
  const Pseudonymizer pseudonymizer(labeler(), usual_pseudonym_detectors());
  for (const std::string text :
       {"My name is Anna Schmidt, card 4111 1111 1111 1111, mail anna@plant.example.",
        "password: Tr0ub4dor&3 and +49 30 1234567", "nothing to see here [really]", ""}) {
    PseudonymTable table;
    table.avoid(text);
    const std::string sent = *pseudonymizer.replace(text, table);
    StreamRestorer restorer(table);
    EXPECT_EQ(restorer.push(sent) + restorer.finish(), text);
  }
}

}  // namespace
}  // namespace nearside::policy
