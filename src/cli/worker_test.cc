// The whole way of a local model: gateway's end, sandboxed process, engine, model file.
#include <filesystem>
#include <fstream>
#include <future>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sanitizer_for_test.h"
#include "cli/sealed_model_for_test.h"
#include "gguf/writer.h"
#include "model/synth.h"
#include "worker/local_model.h"

namespace nearside::cli {
namespace {

using worker::LocalModel;
using worker::LocalModelOptions;

constexpr std::chrono::milliseconds kPatience{60'000};

/// A SentencePiece vocabulary of the 256 bytes.
std::string byte_vocabulary() {
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  for (int byte = 0; byte < 256; ++byte) tokens.push_back(fmt::format("<0x{:02X}>", byte));
  std::vector<std::int32_t> types(tokens.size(), 6);  // byte
  types[0] = 2;                                       // unknown
  types[1] = types[2] = 3;                            // control
  gguf::Writer writer;
  writer.add("tokenizer.ggml.model", std::string("llama"));
  writer.add("tokenizer.ggml.scores", std::vector<float>(tokens.size(), 0.0F));
  writer.add("tokenizer.ggml.tokens", std::move(tokens));
  writer.add("tokenizer.ggml.token_type", std::move(types));
  writer.add("tokenizer.ggml.bos_token_id", std::uint32_t{1});
  writer.add("tokenizer.ggml.eos_token_id", std::uint32_t{2});
  writer.add("tokenizer.ggml.unknown_token_id", std::uint32_t{0});
  return writer.to_bytes();
}

class WorkerCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::path(testing::TempDir()) /
                 ("nearside_cli_worker_" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
    options_.name = "device/random";
    options_.file = (directory_ / "model.gguf").string();
    options_.program =
        (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "nearside").string();
    options_.engine.threads = 2;
    options_.engine.context_tokens_max = 128;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write_model() {
    model::SynthShape shape = model::synth_shapes()[0];
    shape.layers = 2;
    shape.embedding = 64;
    shape.ffn = 128;
    shape.heads = 2;
    shape.kv_heads = 1;
    shape.head_dim = 32;
    shape.vocabulary = 259;
    const std::string vocabulary = byte_vocabulary();
    const gguf::File file =
        gguf::File::from_bytes(std::as_bytes(std::span(vocabulary)), "vocabulary").value();
    gguf::Writer writer;
    ASSERT_TRUE(model::synthesize(shape, {.type = gguf::TensorType::kF16}, file, writer));
    ASSERT_TRUE(writer.write(options_.file));
  }

  std::unique_ptr<LocalModel> open() { return LocalModel::open(options_, clock_, logger_).value(); }

  std::filesystem::path directory_;
  base::SystemClock clock_;
  base::Logger logger_{base::Level::kOff};
  LocalModelOptions options_;
};

TEST_F(WorkerCommandTest, AnswersFromTheEngineInsideTheSandbox) {
  write_model();
  const std::unique_ptr<LocalModel> model = open();
  const base::Status ready = model->wait_ready(kPatience);
  ASSERT_TRUE(ready) << ready.error().message;
  EXPECT_EQ(model->snapshot().info.architecture, "llama");
  EXPECT_EQ(model->snapshot().info.context_tokens_max, 128U);

  chat::Request request;
  request.kind = chat::Request::Kind::kCompletion;
  request.prompt = "Pumpe 3";
  request.sampling.temperature = 0.0F;
  request.completion_tokens_max = 4;
  std::promise<chat::Event> last;
  const auto call = model->start(request, [&last](chat::Event event) {
    if (!std::holds_alternative<chat::TextDelta>(event)) last.set_value(std::move(event));
  });
  std::future<chat::Event> ended = last.get_future();
  ASSERT_EQ(ended.wait_for(kPatience), std::future_status::ready);
  const chat::Event event = ended.get();
  if (const auto* failed = std::get_if<chat::Failed>(&event)) FAIL() << failed->error.message;
  EXPECT_GE(std::get<chat::Finished>(event).usage.prompt_tokens, 7U);
}

TEST_F(WorkerCommandTest, ServesASealedModelToWhoeverHasItsKey) {
  write_model();
  options_.key = seal_in_place(directory_, options_.file, directory_ / "node.key");
  {
    const std::unique_ptr<LocalModel> model = open();
    const base::Status ready = model->wait_ready(kPatience);
    ASSERT_TRUE(ready) << ready.error().message;
    EXPECT_EQ(model->snapshot().info.architecture, "llama");
  }
  options_.key = {};
  const base::Status without = open()->wait_ready(kPatience);
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, base::Code::kPermission) << without.error().message;
}

TEST_F(WorkerCommandTest, RefusesAPlainModelInPlaceOfASealedOne) {
  write_model();
  const std::string plain = base::read_file(options_.file).value();
  options_.key = seal_in_place(directory_, options_.file, directory_ / "node.key");
  ASSERT_TRUE(base::write_file_atomic(options_.file, plain));
  EXPECT_EQ(open()->wait_ready(kPatience).error().code, base::Code::kPermission);
}

/// Whether any readable byte of the process is part of `needle`, as root sees it.
bool process_holds(int pid, std::string_view needle, bool dumped_only) {
  std::ifstream smaps(fmt::format("/proc/{}/smaps", pid));
  std::ifstream memory(fmt::format("/proc/{}/mem", pid), std::ios::binary);
  std::string line;
  unsigned long begin = 0;
  unsigned long end = 0;
  while (std::getline(smaps, line)) {
    unsigned long first = 0;
    unsigned long last = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &first, &last) == 2) {
      begin = first;
      end = last;
    }
    if (!line.starts_with("VmFlags:")) continue;
    if (dumped_only && line.find(" dd") != std::string::npos) continue;  // MADV_DONTDUMP
    if (end - begin > (1UL << 30)) continue;
    std::string bytes(end - begin, '\0');
    memory.clear();
    memory.seekg(static_cast<std::streamoff>(begin));
    memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, memory.gcount())));
    if (bytes.find(needle) != std::string::npos) return true;
  }
  return false;
}

TEST_F(WorkerCommandTest, NeitherKeyNorWeightsOfASealedModelAreInWhatACoreWouldHold) {
  write_model();
  const std::string plain = base::read_file(options_.file).value();
  options_.key = seal_in_place(directory_, options_.file, directory_ / "node.key");
  // The same key as the worker has had, to look for it there.
  const auto envelope = trust::open_envelope(options_.key);
  ASSERT_TRUE(envelope);
  const std::string key(reinterpret_cast<const char*>(envelope->data_key.bytes().data()),
                        envelope->data_key.bytes().size());
  const std::unique_ptr<LocalModel> model = open();
  ASSERT_TRUE(model->wait_ready(kPatience));
  const int pid = model->snapshot().worker_pid.value();
  const std::string block = plain.substr(plain.size() - 4096, 256);  // of the last tensor
  if (!process_holds(pid, block, false)) GTEST_SKIP() << "may not read the worker's memory";
  EXPECT_FALSE(process_holds(pid, block, true)) << "weights would be in a core";
  // Root may lock as much as it likes: then the weights are never swapped. (Under sanitizers mlock
  // does nothing.)
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  const std::string text((std::istreambuf_iterator<char>(status)), {});
  const std::size_t locked = std::stoul(text.substr(text.find("VmLck:") + 6)) << 10;
  if (::geteuid() == 0 && !base::kSanitized) {
    EXPECT_GE(locked, plain.size());
  }
  EXPECT_FALSE(process_holds(pid, key, false)) << "the key is still in the worker's memory";
}

TEST_F(WorkerCommandTest, SaysWhatIsWrongWithAHostileFile) {
  std::ofstream(options_.file) << std::string("GGUF\x03\0\0\0 not for long enough", 28);
  const base::Status ready = open()->wait_ready(kPatience);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().code, base::Code::kCorrupt) << ready.error().message;
  EXPECT_NE(ready.error().message.find("device/random: at byte"), std::string::npos)
      << ready.error().message;
}

}  // namespace
}  // namespace nearside::cli
