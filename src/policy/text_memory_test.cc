#include "policy/text_memory.h"

#include <gtest/gtest.h>

#include "policy/label.h"

namespace nearside::policy {
namespace {

constexpr std::size_t kBytes = 4'096;

std::string long_text(int number) {
  return std::string(TextMemory::kTextBytesMin, 'x') + std::to_string(number);
}

TEST(TextMemory, KnowsATextOnlyToTheTenantThatSentIt) {
  TextMemory memory({{1, 2}, kBytes});
  const std::string text = long_text(1);
  memory.remember(*memory.name("a", text), {{{3, 2}}, {}});
  EXPECT_TRUE(memory.find(*memory.name("a", text)));
  EXPECT_FALSE(memory.find(*memory.name("b", text)));
  EXPECT_FALSE(memory.find(*memory.name("a", text + ".")));
}

TEST(TextMemory, KeepsNoMoreThanItsBoundAndForgetsTheLeastUsed) {
  TextMemory memory({{1, 2}, kBytes});
  const auto first = *memory.name("", long_text(0));
  memory.remember(first, {});
  for (int i = 1; i < 200; ++i) {
    memory.remember(*memory.name("", long_text(i)), {});
    ASSERT_TRUE(memory.find(first));
    ASSERT_LE(memory.bytes(), kBytes);
  }
  EXPECT_FALSE(memory.find(*memory.name("", long_text(1))));
}

TEST(TextMemory, DoesNotKeepWhatIsFasterRead) {
  const TextMemory memory({{1, 2}, kBytes});
  EXPECT_FALSE(memory.name("", std::string(TextMemory::kTextBytesMin - 1, 'x')));
  EXPECT_TRUE(memory.name("", std::string(TextMemory::kTextBytesMin, 'x')));
  EXPECT_FALSE(TextMemory({}).name("", long_text(1)));
}

chat::Request request_of(std::initializer_list<const char*> texts) {
  chat::Request request;
  for (const char* text : texts)
    request.messages.push_back(base::json::object{{"role", "user"}, {"content", text}});
  return request;
}

TEST(TextMemory, ALabelWithItIsTheLabelWithoutItAndReadsOnlyWhatIsNew) {
  const Labeler plain = *Labeler::create({});
  const Labeler remembering = *Labeler::create({}, {{1, 2}, kBytes});
  const char* first =
      "The IBAN of the supplier is DE89370400440532013000, please keep it for the invoice.";
  const char* second = "And charge the card 4111 1111 1111 1111 for the rest of the sum, not more.";
  for (const auto& request : {request_of({first}), request_of({first, second}),
                              request_of({second, "so", first}), request_of({first, second})}) {
    const auto conversation = Conversation::of(request);
    const Label a = *plain.label(conversation);
    const Label b = *remembering.label(conversation);
    EXPECT_EQ(a.sensitivity, b.sensitivity);
    EXPECT_EQ(a.categories, b.categories);
    EXPECT_EQ(a.reasons, b.reasons);
    EXPECT_EQ(a.findings_count, b.findings_count);
    ASSERT_EQ(a.findings.size(), b.findings.size());
    for (std::size_t i = 0; i < a.findings.size(); ++i) {
      EXPECT_EQ(a.findings[i].message_index, b.findings[i].message_index);
      EXPECT_EQ(a.findings[i].begin, b.findings[i].begin);
    }
  }
  const auto again = request_of({first, second});
  EXPECT_EQ(remembering.label(Conversation::of(again))->scanned_bytes, 0U);
  const auto more = request_of({first, second, "short"});
  EXPECT_EQ(remembering.label(Conversation::of(more))->scanned_bytes, 5U);
}

}  // namespace
}  // namespace nearside::policy
