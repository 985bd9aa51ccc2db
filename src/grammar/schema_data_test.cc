// The MaskBench sample with the vocabulary of llama 3: schemas people really use.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/sanitizer_for_test.h"
#include "gguf/file.h"
#include "grammar/schema_trial.h"

namespace nearside::grammar {
namespace {

const std::filesystem::path kSchemas = "../shared/data/json-schemas/schemas.jsonl.xz";
// Sanitized programs are some thirty times slower; every line tests the same code.
constexpr std::size_t kLineStride = base::kSanitized ? 32 : 1;

const std::filesystem::path kVocabulary = "../shared/data/tokenizers/llama-bpe.gguf.xz";

/// A file unpacked beside the other temporary files, and removed again.
class Unpacked {
 public:
  explicit Unpacked(const std::filesystem::path& packed) {
    path_ = std::filesystem::temp_directory_path() /
            ("nearside_grammar_" + std::to_string(getpid()) + "_" + packed.stem().string());
    const std::string command = "xz -dc '" + packed.string() + "' > '" + path_.string() + "'";
    good_ = std::system(command.c_str()) == 0;
  }
  ~Unpacked() { std::filesystem::remove(path_); }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
  bool good_ = false;
};

TEST(SchemaData, ValidInstancesAreAcceptedTokenByTokenAndInvalidOnesAreNot) {
  if (!std::filesystem::exists(kSchemas) || !std::filesystem::exists(kVocabulary))
    GTEST_SKIP() << "no " << kSchemas << " or " << kVocabulary;
  const Unpacked vocabulary(kVocabulary);
  const Unpacked schemas(kSchemas);
  ASSERT_TRUE(vocabulary.good() && schemas.good());
  const base::Result<gguf::File> file = gguf::File::open(vocabulary.path());
  ASSERT_TRUE(file) << file.error().message;
  const auto tokenizer = text::Tokenizer::from_gguf(*file).value();
  const base::SystemClock clock;
  const base::SteadyTime start = clock.steady();
  const auto lexicon = Lexicon::create(*tokenizer).value();
  const std::chrono::duration<double, std::milli> lexicon_ms = clock.steady() - start;

  SchemaTally tally;
  std::istringstream lines(base::read_file(schemas.path()).value());
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (number++ % kLineStride != 0) continue;
    const base::Status status = try_schema(line, *tokenizer, lexicon, clock, tally);
    ASSERT_TRUE(status) << status.error().message;
  }
  for (const std::string& wrong : tally.wrong) std::printf("%s\n", wrong.c_str());
  for (const auto& [message, count] : tally.refusals)
    std::printf("%3zu %s\n", count, message.c_str());
  std::printf(
      "%zu of %zu schemas supported; %zu of %zu valid accepted, %zu of %zu invalid accepted\n"
      "mask us mean %.1f p50 %.1f p99 %.1f max %.0f (%zu masks); compile us p50 %.0f p99 %.0f; "
      "lexicon ms %.0f\n",
      tally.supported, tally.schemas, tally.valid_accepted, tally.valid, tally.invalid_accepted,
      tally.invalid, mean(tally.mask_us), quantile(tally.mask_us, 0.5),
      quantile(tally.mask_us, 0.99), quantile(tally.mask_us, 1), tally.mask_us.size(),
      quantile(tally.compile_us, 0.5), quantile(tally.compile_us, 0.99), lexicon_ms.count());
  EXPECT_EQ(tally.invalid_accepted, 0U);
  EXPECT_EQ(tally.valid_accepted, tally.valid);
  if (kLineStride == 1) {
    EXPECT_GE(tally.supported * 5, tally.schemas * 4);
  }
}

}  // namespace
}  // namespace nearside::grammar
