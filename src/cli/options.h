// The options and arguments a command declares. A front of CLI11, whose headers cost each file that
// sees them some four seconds: only options.cc and main.cc include them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace nearside::cli {

/// One option or argument; owned by the App that declared it and as long-lived. Each call but
/// count() returns the option itself, to say more about it.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(option) {}

  Option* required();
  /// Shows the variable's present value as the default in the help.
  Option* capture_default_str();
  /// One argument holds several values, parted by `separator`.
  Option* delimiter(char separator);
  /// May not be given together with `other`.
  Option* excludes(const Option* other);

  /// What a value must be; both ends are included. within() is for whole numbers.
  Option* within(std::size_t least, std::size_t most);
  Option* between(double least, double most);
  Option* positive();
  Option* not_negative();
  Option* existing_file();
  enum class Case { kExact, kIgnored };
  Option* one_of(const std::vector<std::string>& values, Case letters = Case::kExact);

  /// How often it was given. Known once the command line has been read.
  [[nodiscard]] std::size_t count() const;

 private:
  CLI::Option& option_;
};

/// A command (or the program itself) and what it takes. Pointers that it returns live as long as
/// the program's App does.
class App {
 public:
  /// The program.
  App(const std::string& description, const std::string& name);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  App* add_subcommand(const std::string& name, const std::string& description);
  /// Options that the help shows together.
  App* add_option_group(const std::string& name, const std::string& description);

  /// `names`: "-o,--output" for an option, "model" for an argument. The value is written to
  /// `variable`, which must outlive parse(). T: std::string, bool, double, float, an integer, or a
  /// vector of strings or whole numbers (options.cc has the list).
  template <typename T>
  Option* add_option(const std::string& names, T& variable, const std::string& help);
  Option* add_flag(const std::string& names, bool& variable, const std::string& help);
  Option* add_flag_callback(const std::string& names, std::function<void()> given,
                            const std::string& help);
  /// One of `names`, in the order of which `chosen` hears the index.
  Option* add_choice(const std::string& option, const std::vector<std::string>& names,
                     std::function<void(std::size_t)> chosen, const std::string& help);

  /// Text below the help: an example.
  void footer(const std::string& text);
  void require_subcommand(int count);
  void require_option(int count);
  /// Left out of the program's help.
  void hide();

  [[nodiscard]] bool parsed() const;
  [[nodiscard]] std::string name() const;
  /// Reads a command line without the program's name, for tests; false when it is wrong.
  bool parse(const std::string& arguments);

  /// What is wrong with the command that `arguments` (without the program's name) ask for, in a
  /// sentence: a word that is no command where one is expected. Empty when there is no such word.
  [[nodiscard]] std::string wrong_command(const std::vector<std::string>& arguments) const;

  /// What main() needs of CLI11 itself.
  [[nodiscard]] CLI::App& native() { return app_; }

 private:
  explicit App(CLI::App& app);
  Option* keep(CLI::Option* option);

  std::unique_ptr<CLI::App> owned_;  // of the program; a subcommand belongs to its parent
  CLI::App& app_;
  std::vector<std::unique_ptr<App>> apps_;
  std::vector<std::unique_ptr<Option>> options_;
};

}  // namespace nearside::cli
