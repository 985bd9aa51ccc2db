#include "cli/commands.h"

#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/file.h"

namespace nearside::cli {
namespace {

std::set<std::string> names_of_commands() {
  App program("", "nearside");
  std::set<std::string> names;
  for (const Declare declare : commands()) {
    App* command = nullptr;
    const Run run = declare(program, command);
    names.insert(command->name());
  }
  return names;
}

TEST(Commands, HaveEachANameOfTheirOwn) {
  EXPECT_EQ(names_of_commands().size(), commands().size());
}

TEST(Commands, AWordThatIsNoneIsNamedWithTheNearest) {
  App program("", "nearside");
  program.require_subcommand(1);
  for (const Declare declare : commands()) {
    App* command = nullptr;
    const auto run = declare(program, command);
  }
  const auto wrong = [&](const std::vector<std::string>& arguments) {
    return program.wrong_command(arguments);
  };
  EXPECT_EQ(wrong({"serv"}), "nearside has no command 'serv'; did you mean 'serve'?");
  EXPECT_EQ(wrong({"model", "inspct", "a.gguf"}),
            "nearside model has no command 'inspct'; did you mean 'inspect'?");
  EXPECT_EQ(wrong({"audit", "zzzzzz"}), "nearside audit has no command 'zzzzzz'; it has verify");
  EXPECT_EQ(wrong({"serve", "serv"}), "");  // an argument, not a command
  EXPECT_EQ(wrong({}), "");
}

TEST(Commands, AreAllThatTheDocumentsName) {
  const std::set<std::string> names = names_of_commands();
  const std::regex call("`nearside ([a-z]+)");
  std::size_t calls = 0;
  std::vector<std::filesystem::path> documents{"README.md", "CHANGELOG.md"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator("docs"))
    if (entry.path().extension() == ".md") documents.push_back(entry.path());
  for (const std::filesystem::path& path : documents) {
    const std::string text = base::read_file(path.string()).value();
    for (std::sregex_iterator at(text.begin(), text.end(), call), end; at != end; ++at, ++calls)
      EXPECT_TRUE(names.contains((*at)[1])) << path << " names `nearside " << (*at)[1] << "`";
  }
  EXPECT_GT(calls, 20U);
}

}  // namespace
}  // namespace nearside::cli
