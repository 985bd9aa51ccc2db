#include "vault/canary.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "vault/disguise.h"

namespace nearside::vault {
namespace {

const std::string kCanary = make_canary("the secret text", "triage@3", "plant");

TEST(Canary, IsAnotherForEachTemplateVersionTextAndTenant) {
  EXPECT_EQ(kCanary.size(), kCanaryLetters);
  EXPECT_EQ(kCanary, make_canary("the secret text", "triage@3", "plant"));
  for (const auto& [text, name, tenant] : {std::array{"the secret text", "triage@4", "plant"},
                                           std::array{"the secret text", "triage@3", "office"},
                                           std::array{"the secret text.", "triage@3", "plant"},
                                           std::array{"the secret texttriage", "@3", "plant"}})
    EXPECT_NE(kCanary, make_canary(text, name, tenant));
}

TEST(Canary, IsSeenInEveryDisguiseAndPiece) {
  std::string upper = kCanary;
  for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
  std::string spaced;
  for (const char c : kCanary) spaced += std::string{c, ' ', '-'};
  const std::string forms[] = {kCanary,
                               upper,
                               spaced,
                               std::string(kCanary.rbegin(), kCanary.rend()),
                               rot13(kCanary),
                               hexadecimal(kCanary),
                               base::base64_encode(kCanary),
                               base::base64_encode("x" + kCanary),
                               base::base64_encode("see " + kCanary + " there"),
                               base::base64_encode("xy" + kCanary)};
  for (const std::string& form : forms)
    for (const std::size_t piece : {1UL, 7UL, 1000UL}) {
      CanaryWatch watch(kCanary);
      const std::string text = std::string(500, 'x') + " it says " + form + ", it seems";
      bool seen = false;
      for (std::size_t at = 0; at < text.size(); at += piece)
        seen = watch.push(text.substr(at, piece));
      EXPECT_TRUE(seen) << form;
    }
}

TEST(Canary, OthersAreNotSeen) {
  CanaryWatch watch(kCanary);
  EXPECT_FALSE(watch.push(make_canary("the secret text", "triage@4", "plant")));
  EXPECT_FALSE(watch.push(kCanary.substr(1)));
}

}  // namespace
}  // namespace nearside::vault
