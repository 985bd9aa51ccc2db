#include "gguf/file.h"

#include <gtest/gtest.h>

#include "gguf/writer.h"

namespace nearside::gguf {
namespace {

TEST(GgufFile, ReportsAFileThatIsNotThere) {
  EXPECT_EQ(File::open("/nonexistent/model.gguf").error().code, base::Code::kNotFound);
}

}  // namespace
}  // namespace nearside::gguf
