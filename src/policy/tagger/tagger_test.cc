#include "policy/tagger/tagger.h"

#include <algorithm>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "policy/tagger/features.h"
#include "policy/tagger/training.h"

namespace nearside::policy {
namespace {

std::vector<std::string> found_in(const Tagger& tagger, std::string_view text) {
  Tagger::Workspace space;
  std::vector<TaggedSpan> spans;
  tagger.find(text, space, spans);
  std::vector<std::string> out;
  for (const TaggedSpan& one : spans)
    out.push_back(std::string(entity_name(one.entity)) + ":" +
                  std::string(text.substr(one.span.begin, one.span.end - one.span.begin)));
  return out;
}

using Found = std::vector<std::string>;

TEST(Words, KeepTheirApostrophesAndGiveUpTheirGenitives) {
  std::vector<Word> words;
  const std::string_view text = "O'Brien's pump, Müller-Lüdenscheidt";
  split_words(text, words);
  std::vector<std::string_view> texts;
  for (const Word& word : words) texts.push_back(text.substr(word.begin, word.end - word.begin));
  EXPECT_EQ(texts,
            (std::vector<std::string_view>{"O'Brien", "'s", "pump", "Müller", "Lüdenscheidt"}));
  EXPECT_EQ(words[1].gap, Gap::kTight);
  EXPECT_EQ(words[3].gap, Gap::kComma);
  EXPECT_EQ(words[4].gap, Gap::kHyphen);
}

TEST(Words, AreCutBeforeTheyGrowWithoutBoundAndNeverInsideACharacter) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "漢";
  std::vector<Word> words;
  split_words(text, words);
  ASSERT_GT(words.size(), 1U);
  std::size_t covered = 0;
  for (const Word& word : words) {
    EXPECT_LE(word.end - word.begin, kWordBytesCut);
    EXPECT_EQ(word.begin % 3, 0U);
    EXPECT_EQ(word.begin, covered);
    covered = word.end;
  }
  EXPECT_EQ(covered, text.size());
}

TEST(Words, SurviveBytesThatAreNoText) {
  std::string text;
  for (int i = 0; i < 256; ++i) text += static_cast<char>(i);
  for (int i = 255; i >= 0; --i) text += static_cast<char>(i);
  std::vector<Word> words;
  split_words(text, words);
  for (const Word& word : words) EXPECT_LE(word.end, text.size());
}

TEST(Tagger, FindsPeoplePlacesAndFirms) {
  const Tagger tagger(TagTable::shipped());
  EXPECT_EQ(found_in(tagger, "My name is Anna Schmidt and I live in Hamburg."),
            (Found{"person:Anna Schmidt", "location:Hamburg"}));
  EXPECT_EQ(found_in(tagger, "Please call Thomas Becker about the invoice."),
            (Found{"person:Thomas Becker"}));
  EXPECT_EQ(found_in(tagger, "Send it to Hauptstraße 12, 10115 Berlin"),
            (Found{"address:Hauptstraße 12, 10115 Berlin"}));
}

TEST(Tagger, LeavesTextsOfAPlantAlone) {
  const Tagger tagger(TagTable::shipped());
  for (const std::string_view text :
       {"The conveyor in hall 2 has stopped and the motor is hot.",
        "Which valve controls the pressure of the pump?", "Das Förderband in Halle 2 steht."})
    EXPECT_EQ(found_in(tagger, text), Found{}) << text;
}

TEST(Tagger, ReadsTextsLongerThanItsPieces) {
  const Tagger tagger(TagTable::shipped());
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "the pump is hot. ";
  text += "My name is Anna Schmidt.";
  const Found found = found_in(tagger, text);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.back(), "person:Anna Schmidt");
}

TEST(TagTraining, LearnsASmallLanguageByHeart) {
  std::vector<TaggedText> texts;
  for (const char* name : {"Ada", "Bob", "Cyn", "Dan", "Eva", "Fay"})
    for (const char* town : {"Ulm", "Bern", "Oslo", "Rome"}) {
      TaggedText text;
      text.text = std::string("hello ") + name + " of " + town;
      const std::size_t end = 6 + std::string_view(name).size();
      text.spans = {{Entity::kPerson, {6, end}}, {Entity::kLocation, {end + 4, text.text.size()}}};
      texts.push_back(text);
    }
  TagTraining settings;
  settings.rows_count = 4096;
  const Tagger tagger(train_tagger(texts, settings));
  EXPECT_EQ(found_in(tagger, "hello Bob of Rome"), (Found{"person:Bob", "location:Rome"}));
  EXPECT_EQ(found_in(tagger, "hello Zoe of Kiel"), (Found{"person:Zoe", "location:Kiel"}));
}

TagTable table_of(std::uint32_t rows_count, std::int8_t weight, std::int16_t begin_person) {
  TagTable table;
  table.rows_count = rows_count;
  table.owned.assign(std::size_t{rows_count} * kTags, weight);
  table.weights = table.owned.data();
  table.transitions[0][begin_tag(Entity::kPerson)] = begin_person;
  table.transitions[0][inside_tag(Entity::kPerson)] = kTransitionForbidden;
  return table;
}

/// Weights and transitions anywhere within their bounds, what may not follow forbidden.
TagTable random_table(std::mt19937& random) {
  TagTable table = table_of(512, 0, 0);
  std::uniform_int_distribution<int> weight(-127, 127);
  std::uniform_int_distribution<int> transition(-kTransitionMax, kTransitionMax);
  for (std::int8_t& one : table.owned) one = static_cast<std::int8_t>(weight(random));
  for (std::size_t from = 0; from <= kTags; ++from)
    for (std::size_t to = 0; to < kTags; ++to)
      table.transitions[from][to] = may_follow(from == kTags ? kTagOutside : from, to)
                                        ? static_cast<std::int16_t>(transition(random))
                                        : kTransitionForbidden;
  return table;
}

/// Viterbi as in a textbook, in numbers that nothing overflows.
std::vector<std::uint8_t> plain_viterbi(const TagTable& table, std::span<const Word> words) {
  const Casing casing = casing_of(words);
  std::array<std::uint32_t, kFeatures> rows{};
  std::vector<std::array<std::int64_t, kTagsUsed>> scores(words.size());
  std::vector<std::array<std::uint8_t, kTagsUsed>> from(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    features_of(words, i, casing, table.rows_count, rows);
    for (std::size_t to = 0; to < kTagsUsed; ++to) {
      std::int64_t best = table.transitions[kTags][to];
      for (std::size_t tag = 0; i > 0 && tag < kTagsUsed; ++tag) {
        const std::int64_t score = scores[i - 1][tag] + table.transitions[tag][to];
        if (tag > 0 && score <= best) continue;
        best = score;
        from[i][to] = static_cast<std::uint8_t>(tag);
      }
      for (const std::uint32_t row : rows) best += table.weights[std::size_t{row} * kTags + to];
      scores[i][to] = best;
    }
  }
  const auto& last = scores.back();
  auto tag = static_cast<std::uint8_t>(std::max_element(last.begin(), last.end()) - last.begin());
  std::vector<std::uint8_t> tags(words.size());
  for (std::size_t i = words.size(); i-- > 0; tag = from[i][tag]) tags[i] = tag;
  return tags;
}

TEST(Tagger, DecodesInSixteenBitsAsInSixtyFour) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    TagTable table = random_table(random);
    std::string text;
    for (int i = 0; i < 240; ++i)
      text += i % 3 == 2 ? ' ' : static_cast<char>((i % 5 == 0 ? 'A' : 'a') + random() % 26);
    Tagger::Workspace space;
    split_words(text, space.words);
    const std::vector<std::uint8_t> wanted = plain_viterbi(table, space.words);
    Tagger(std::move(table)).tag(space.words, space);
    EXPECT_EQ(space.tags, wanted) << "round " << round;
  }
}

TEST(TagTable, RefusesTransitionsThatSixteenBitsCouldNotAddUp) {
  std::string file = table_of(8, 0, 0).serialize();
  const std::int16_t too_much = kTransitionMax + 1;
  ASSERT_TRUE(TagTable::parse(file));
  std::memcpy(file.data() + 16, &too_much, sizeof too_much);
  EXPECT_EQ(TagTable::parse(file).error().code, base::Code::kInvalidArgument);
}

TEST(TagTraining, AveragesTables) {
  std::vector<TagTable> tables;
  tables.push_back(table_of(8, 10, 100));
  tables.push_back(table_of(8, 21, -40));
  const auto average = average_tables(tables);
  ASSERT_TRUE(average);
  EXPECT_EQ(average->rows_count, 8U);
  EXPECT_EQ(average->weights[5], 16);
  EXPECT_EQ(average->transitions[0][begin_tag(Entity::kPerson)], 30);
  EXPECT_EQ(average->transitions[0][inside_tag(Entity::kPerson)], kTransitionForbidden);
}

TEST(TagTraining, AveragesNothingThatDoesNotFit) {
  EXPECT_FALSE(average_tables({}));
  std::vector<TagTable> tables;
  tables.push_back(table_of(8, 1, 0));
  tables.push_back(table_of(9, 1, 0));
  EXPECT_FALSE(average_tables(tables));
}

TEST(TagTraining, LeansWithoutTouchingWhatIsForbidden) {
  TagTable table = table_of(8, 1, 100);
  lean_towards(Entity::kPerson, 15, table);
  EXPECT_EQ(table.transitions[0][begin_tag(Entity::kPerson)], 115);
  EXPECT_EQ(table.transitions[0][inside_tag(Entity::kPerson)], kTransitionForbidden);
  EXPECT_EQ(table.transitions[0][begin_tag(Entity::kLocation)], 0);
}

TEST(TagTable, ComesBackFromItsFile) {
  const TagTable shipped = TagTable::shipped();
  const std::string file = shipped.serialize();
  EXPECT_LE(file.size(), 2U << 20U);
  const auto again = TagTable::parse(file);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->rows_count, shipped.rows_count);
  EXPECT_EQ(again->transitions, shipped.transitions);
}

TEST(TagTable, RefusesFilesThatAreNone) {
  const std::string file = TagTable::shipped().serialize();
  EXPECT_FALSE(TagTable::parse(""));
  EXPECT_FALSE(TagTable::parse(std::string_view(file).substr(0, file.size() - 1)));
  EXPECT_FALSE(TagTable::parse(file + "x"));
  std::string other = file;
  other[0] = 'X';
  EXPECT_FALSE(TagTable::parse(other));
}

}  // namespace
}  // namespace nearside::policy
