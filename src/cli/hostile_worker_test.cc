// Every crafted file of the reader's and the loader's tests, and a few of the engine's, given to a
// real worker process: it must end with one sentence, not by a signal, not by time, and without
// having allocated what the file claims. The numbers are those of the CVEs that the file is like;
// gguf/hostile_file_test.cc says what each broke.
#include <filesystem>
#include <future>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/sanitizer_for_test.h"
#include "gguf/hostile_bytes_for_test.h"
#include "gguf/writer.h"
#include "model/tiny_model.h"
#include "worker/local_model.h"

namespace nearside::cli {
namespace {

using gguf::Bytes;
using gguf::kHuge;
using gguf::TensorType;
using gguf::ValueType;
using worker::LocalModel;
using worker::LocalModelOptions;

constexpr std::chrono::milliseconds kPatience{60'000};

std::string spoiled(const std::function<void(gguf::Writer&)>& spoil) {
  gguf::Writer writer = model::tiny_writer("llama");
  spoil(writer);
  return writer.to_bytes();
}

std::string with_one_tensor(const std::vector<std::uint64_t>& dims, TensorType type,
                            std::uint64_t offset) {
  return Bytes().header(1, 0).tensor("t", dims, type, offset).data(64).text();
}

std::string wider_adapter() {
  model::SynthShape shape = model::tiny_shape("llama");
  shape.embedding *= 2;
  gguf::Writer writer;
  model::synthesize_adapter(shape, model::kTinyAdapterRank, 1, writer);
  return writer.to_bytes();
}

struct Crafted {
  const char* what;
  std::string bytes;
};

std::vector<Crafted> crafted_files() {
  const auto header = [](std::uint64_t tensors, std::uint64_t values) {
    return Bytes().header(tensors, values).data(64).text();
  };
  const auto array = [](ValueType type, std::uint64_t count) {
    return Bytes()
        .header(0, 1)
        .string("k")
        .type(ValueType::kArray)
        .type(type)
        .u64(count)
        .data(64)
        .text();
  };
  const auto half = (std::uint64_t{1} << 61) - 8;
  const auto q8_wraps = (kHuge / 34 / 32 + 1) * 32;
  std::vector<Crafted> files = {
      // CVE-2024-41130
      {"no bytes of GGUF", "PK\x03\x04 not a model"},
      // CVE-2024-23605
      {"so many metadata values", header(0, kHuge)},
      {"metadata values times their size wrap", header(0, kHuge / 48 + 2)},
      // CVE-2024-21836
      {"so many tensors", header(kHuge, 0)},
      {"tensors times their size wrap", header(kHuge / 88 + 2, 0)},
      {"dimensions whose product wraps",
       with_one_tensor({1U << 31, 1U << 31, 1U << 31, 2}, TensorType::kF32, 0)},
      // CVE-2024-21802
      {"2^32 - 1 dimensions", Bytes().header(1, 0).string("t").u32(0xFFFFFFFFU).data(256).text()},
      {"a dimension of 0", with_one_tensor({32, 0}, TensorType::kF32, 0)},
      {"a negative dimension", with_one_tensor({32, std::uint64_t{1} << 63}, TensorType::kF32, 0)},
      // CVE-2024-21825
      {"an array of numbers longer than the file", array(ValueType::kFloat64, kHuge / 8 + 2)},
      {"an array of texts longer than the file", array(ValueType::kString, kHuge)},
      // CVE-2024-23496: one more byte for the end makes it an allocation of nothing.
      {"a text of 2^64 - 1 bytes", Bytes().header(0, 1).u64(kHuge).data(64).text()},
      {"a value of 2^64 - 1 bytes",
       Bytes().header(0, 1).string("k").type(ValueType::kString).u64(kHuge).data(64).text()},
      {"a tensor's name of 2^64 - 1 bytes", Bytes().header(1, 0).u64(kHuge).data(64).text()},
      // CVE-2024-32878
      {"a broken entry after good ones", Bytes()
                                             .header(0, 2)
                                             .string("a")
                                             .type(ValueType::kString)
                                             .string("text")
                                             .string("b")
                                             .type(ValueType::kArray)
                                             .type(ValueType::kString)
                                             .u64(2)
                                             .string("x")
                                             .u64(kHuge)
                                             .data(32)
                                             .text()},
      // CVE-2025-49847, CVE-2025-52566
      {"a token of two gigabytes", Bytes()
                                       .header(0, 1)
                                       .string("tokenizer.ggml.tokens")
                                       .type(ValueType::kArray)
                                       .type(ValueType::kString)
                                       .u64(1)
                                       .u64(0x80000000)
                                       .data(64)
                                       .text()},
      // CVE-2025-53630, CVE-2026-27940
      {"tensors whose sizes sum past 64 bits", Bytes()
                                                   .header(3, 0)
                                                   .tensor("a", {half}, TensorType::kF32, 0)
                                                   .tensor("b", {half}, TensorType::kF32, half * 4)
                                                   .tensor("c", {64}, TensorType::kF32, 0)
                                                   .data(1024)
                                                   .text()},
      {"a quantised tensor whose bytes wrap", with_one_tensor({q8_wraps}, TensorType::kQ8_0, 0)},
      {"arrays in an array", Bytes()
                                 .header(0, 1)
                                 .string("k")
                                 .type(ValueType::kArray)
                                 .type(ValueType::kArray)
                                 .u64(1)
                                 .data(64)
                                 .text()},
      {"a truth value of 2",
       Bytes().header(0, 1).string("k").type(ValueType::kBool).u8(2).data(8).text()},
      {"an alignment that is a text", Bytes()
                                          .header(0, 1)
                                          .string("general.alignment")
                                          .type(ValueType::kString)
                                          .string("32")
                                          .data(64)
                                          .text()},
      {"an offset that wraps with the size", with_one_tensor({64}, TensorType::kF32, kHuge - 31)},
      {"a size that wraps when padded", with_one_tensor({kHuge / 4}, TensorType::kF32, 0)},
      // CVE-2026-33298
      {"a tensor of exabytes", with_one_tensor({std::uint64_t{1} << 60}, TensorType::kF32, 0)},
      // CVE-2026-7482
      {"a tensor past the end", with_one_tensor({1024}, TensorType::kF32, 0)},
      {"a tensor type that is none", with_one_tensor({32}, static_cast<TensorType>(250), 0)},
      {"a tensor type of 2^32 - 1", with_one_tensor({32}, static_cast<TensorType>(~0U), 0)},
      {"a value type that is none", Bytes().header(0, 1).string("k").u32(99).data(64).text()},
      {"tensors that share bytes", Bytes()
                                       .header(2, 0)
                                       .tensor("a", {16}, TensorType::kF32, 0)
                                       .tensor("b", {16}, TensorType::kF32, 32)
                                       .data(128)
                                       .text()},
      {"the same key twice", Bytes()
                                 .header(0, 2)
                                 .string("k")
                                 .type(ValueType::kUint32)
                                 .u32(1)
                                 .string("k")
                                 .type(ValueType::kUint32)
                                 .u32(2)
                                 .text()},
      {"the same tensor twice", Bytes()
                                    .header(2, 0)
                                    .tensor("t", {8}, TensorType::kF32, 0)
                                    .tensor("t", {8}, TensorType::kF32, 32)
                                    .data(64)
                                    .text()},
      {"a key that is no UTF-8",
       Bytes().header(0, 1).string("\xFF\xFE").type(ValueType::kUint32).u32(1).text()},
      {"tokens of another type", spoiled([](gguf::Writer& w) {
         w.add("tokenizer.ggml.tokens", std::vector<std::int32_t>(258, 1));
       })},
      {"token types of another length", spoiled([](gguf::Writer& w) {
         w.add("tokenizer.ggml.token_type", std::vector<std::int32_t>(7, 1));
       })},
      {"an end token out of range", spoiled([](gguf::Writer& w) {
         w.add("tokenizer.ggml.eos_token_id", std::uint32_t{0xFFFFFFFF});
       })},
      {"layers by the billion",
       spoiled([](gguf::Writer& w) { w.add("llama.block_count", std::uint32_t{1'000'000'000}); })},
      {"heads of no width",
       spoiled([](gguf::Writer& w) { w.add("llama.attention.head_count", std::uint32_t{0}); })},
      {"a context of 2^32 - 1 tokens and no memory for it", spoiled([](gguf::Writer& w) {
         w.add("llama.embedding_length", std::uint32_t{0xFFFFFFFF});
       })},
      {"a chat template that is not closed", spoiled([](gguf::Writer& w) {
         w.add("tokenizer.chat_template", std::string("{% for m in messages %}"));
       })},
      {"a chat template nested deeper than any", spoiled([](gguf::Writer& w) {
         w.add("tokenizer.chat_template",
               "{{ " + std::string(100'000, '(') + "1" + std::string(100'000, ')') + " }}");
       })},
  };
  // The reader's tests cut at every byte; here at some of the header, metadata and tensors.
  const std::string whole = model::tiny_file("llama");
  for (std::size_t size = 1; size < whole.size(); size += 1 + size / 3)
    files.push_back({"cut short", whole.substr(0, size)});
  for (const std::uint32_t alignment : {0U, 3U, 1U << 31})
    files.push_back(
        {"an alignment that is none", Bytes().header(0, 1).alignment(alignment).data(64).text()});
  return files;
}

class HostileWorkerTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("nearside_cli_hostile_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    options_.name = "device/hostile";
    options_.file = (folder_ / "model.gguf").string();
    options_.program =
        (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "nearside").string();
    options_.engine.threads = 1;
    options_.engine.context_tokens_max = 128;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<LocalModel> open(const std::string& bytes) {
    EXPECT_TRUE(base::write_file_atomic(options_.file, bytes));
    return LocalModel::open(options_, clock_, logger_).value();
  }
  /// The end of one chat.
  chat::Event chat(LocalModel& model) {
    chat::Request request;
    request.messages = {base::json::object{{"role", "user"}, {"content", "hello"}}};
    request.completion_tokens_max = 2;
    std::promise<chat::Event> last;
    const auto call = model.start(request, [&last](chat::Event event) {
      if (!std::holds_alternative<chat::TextDelta>(event)) last.set_value(std::move(event));
    });
    return last.get_future().get();
  }

  std::filesystem::path folder_;
  base::SystemClock clock_;
  base::Logger logger_{base::Level::kOff};
  LocalModelOptions options_;
};

TEST_F(HostileWorkerTest, EveryCraftedFileEndsInASentence) {
  for (const auto& [what, bytes] : crafted_files()) {
    const auto model = open(bytes);
    const base::Status ready = model->wait_ready(kPatience);
    ASSERT_FALSE(ready) << what;
    // A worker that was killed, or that ran out of memory or time, is reported as unavailable.
    EXPECT_TRUE(ready.error().code == base::Code::kCorrupt ||
                ready.error().code == base::Code::kUnsupported ||
                ready.error().code == base::Code::kInvalidArgument ||
                ready.error().code == base::Code::kTooLarge)
        << what << ": " << base::code_name(ready.error().code) << ": " << ready.error().message;
    EXPECT_EQ(ready.error().message.find("signal"), std::string::npos)
        << what << ": " << ready.error().message;
  }
}

// No file makes a worker take the memory that it claims.
TEST_F(HostileWorkerTest, NoCraftedFileIsBelievedAboutItsSize) {
  if (base::kSanitized) GTEST_SKIP() << "a sanitizer takes memory of its own";
  constexpr std::size_t kMemoryBytesMax = std::size_t{256} << 20;
  for (const auto& [what, bytes] : crafted_files()) {
    static_cast<void>(open(bytes)->wait_ready(kPatience).has_value());
    struct rusage used {};
    ASSERT_EQ(::getrusage(RUSAGE_CHILDREN, &used), 0);
    ASSERT_LT(static_cast<std::size_t>(used.ru_maxrss) << 10, kMemoryBytesMax) << what;
  }
}

TEST_F(HostileWorkerTest, AdaptersThatDoNotFitEndInASentence) {
  const std::string good = model::tiny_adapter_file("llama");
  const std::string adapter_file = (folder_ / "adapter.gguf").string();
  const std::pair<const char*, std::string> adapters[] = {
      {"of another family", model::tiny_adapter_file("qwen3")},
      {"of another width", wider_adapter()},
      {"a whole model", model::tiny_file("llama")},
      {"no GGUF", "PK\x03\x04 not an adapter"},
      {"cut in its header", good.substr(0, 20)},
      {"cut in its tensors", good.substr(0, good.size() / 2)},
      {"a tensor past the end", with_one_tensor({1024}, TensorType::kF32, 0)},
  };
  options_.adapters = {{"a", adapter_file}};
  for (const auto& [what, bytes] : adapters) {
    ASSERT_TRUE(base::write_file_atomic(adapter_file, bytes));
    const base::Status ready = open(model::tiny_file("llama"))->wait_ready(kPatience);
    ASSERT_FALSE(ready) << what;
    EXPECT_NE(ready.error().code, base::Code::kUnavailable) << what << ready.error().message;
    EXPECT_EQ(ready.error().message.find("signal"), std::string::npos)
        << what << ": " << ready.error().message;
  }
  ASSERT_TRUE(base::write_file_atomic(adapter_file, good));
  EXPECT_TRUE(open(model::tiny_file("llama"))->wait_ready(kPatience));
}

TEST_F(HostileWorkerTest, TemplatesThatExplodeFailTheirRequestsAndNotTheWorker) {
  const std::pair<const char*, const char*> templates[] = {
      {"without end", "{% for i in range(1000000000) %}x{% endfor %}"},
      {"in a circle", "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}"},
      {"doubling",
       "{% set ns = namespace(x='xxxxxxxxxxxxxxxx') %}{% for i in range(64) %}"
       "{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}"},
      {"loops in loops",
       "{% for a in range(9999) %}{% for b in range(9999) %}"
       "{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}"},
  };
  for (const auto& [what, text] : templates) {
    const auto model = open(spoiled([source = text](gguf::Writer& w) {
      w.add("tokenizer.chat_template", std::string(source));
    }));
    const base::Status ready = model->wait_ready(kPatience);
    ASSERT_TRUE(ready) << what << ": " << ready.error().message;
    const int pid = model->snapshot().worker_pid.value();
    const chat::Event event = chat(*model);
    ASSERT_TRUE(std::holds_alternative<chat::Failed>(event)) << what;
    EXPECT_NE(std::get<chat::Failed>(event).error.code, base::Code::kUnavailable) << what;
    EXPECT_EQ(model->snapshot().worker_pid.value(), pid) << what << " ended the worker";
  }
}

}  // namespace
}  // namespace nearside::cli
