#include "cli/options.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/yaml.h"

namespace nearside::cli {

Option* Option::required() {
  option_.required();
  return this;
}

Option* Option::capture_default_str() {
  option_.capture_default_str();
  return this;
}

Option* Option::delimiter(char separator) {
  option_.delimiter(separator);
  return this;
}

Option* Option::excludes(const Option* other) {
  option_.excludes(&other->option_);
  return this;
}

Option* Option::within(std::size_t least, std::size_t most) {
  option_.check(CLI::Range(least, most));
  return this;
}

Option* Option::between(double least, double most) {
  option_.check(CLI::Range(least, most));
  return this;
}

Option* Option::positive() {
  option_.check(CLI::PositiveNumber);
  return this;
}

Option* Option::not_negative() {
  option_.check(CLI::NonNegativeNumber);
  return this;
}

Option* Option::existing_file() {
  option_.check(CLI::ExistingFile);
  return this;
}

Option* Option::one_of(const std::vector<std::string>& values, Case letters) {
  if (letters == Case::kIgnored)
    option_.check(CLI::IsMember(values, CLI::ignore_case));
  else
    option_.check(CLI::IsMember(values));
  return this;
}

std::size_t Option::count() const { return option_.count(); }

App::App(const std::string& description, const std::string& name)
    : owned_(std::make_unique<CLI::App>(description, name)), app_(*owned_) {}

App::App(CLI::App& app) : app_(app) {}

App::~App() = default;

App* App::add_subcommand(const std::string& name, const std::string& description) {
  apps_.push_back(std::unique_ptr<App>(new App(*app_.add_subcommand(name, description))));
  return apps_.back().get();
}

App* App::add_option_group(const std::string& name, const std::string& description) {
  apps_.push_back(std::unique_ptr<App>(new App(*app_.add_option_group(name, description))));
  return apps_.back().get();
}

Option* App::keep(CLI::Option* option) {
  options_.push_back(std::make_unique<Option>(*option));
  return options_.back().get();
}

template <typename T>
Option* App::add_option(const std::string& names, T& variable, const std::string& help) {
  return keep(app_.add_option(names, variable, help));
}

template Option* App::add_option(const std::string&, std::string&, const std::string&);
template Option* App::add_option(const std::string&, double&, const std::string&);
template Option* App::add_option(const std::string&, float&, const std::string&);
template Option* App::add_option(const std::string&, int&, const std::string&);
template Option* App::add_option(const std::string&, std::int64_t&, const std::string&);
template Option* App::add_option(const std::string&, std::uint32_t&, const std::string&);
template Option* App::add_option(const std::string&, std::uint64_t&, const std::string&);
template Option* App::add_option(const std::string&, std::vector<std::string>&, const std::string&);
template Option* App::add_option(const std::string&, std::vector<std::uint32_t>&,
                                 const std::string&);
template Option* App::add_option(const std::string&, std::vector<std::size_t>&, const std::string&);

Option* App::add_flag(const std::string& names, bool& variable, const std::string& help) {
  return keep(app_.add_flag(names, variable, help));
}

Option* App::add_flag_callback(const std::string& names, std::function<void()> given,
                               const std::string& help) {
  return keep(app_.add_flag_callback(names, std::move(given), help));
}

Option* App::add_choice(const std::string& option, const std::vector<std::string>& names,
                        std::function<void(std::size_t)> chosen, const std::string& help) {
  CLI::Option* const added = app_.add_option_function<std::string>(
      option,
      [names, chosen = std::move(chosen)](const std::string& value) {
        chosen(
            static_cast<std::size_t>(std::find(names.begin(), names.end(), value) - names.begin()));
      },
      help);
  added->check(CLI::IsMember(names));
  return keep(added);
}

void App::footer(const std::string& text) { app_.footer(text); }

void App::require_subcommand(int count) { app_.require_subcommand(count); }

void App::require_option(int count) { app_.require_option(count); }

void App::hide() { app_.group(""); }

bool App::parsed() const { return app_.parsed(); }

std::string App::name() const { return app_.get_name(); }

std::string App::wrong_command(const std::vector<std::string>& arguments) const {
  const CLI::App* at = &app_;
  std::string path = app_.get_name();
  for (const std::string& word : arguments) {
    if (at->get_require_subcommand_min() == 0) return {};  // what follows are its arguments
    if (word.starts_with('-')) continue;
    std::vector<std::string> known;
    const CLI::App* next = nullptr;
    for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; })) {
      if (command->get_name() == word) next = command;
      if (!command->get_group().empty()) known.push_back(command->get_name());
    }
    if (next == nullptr) {
      const std::string near = base::nearest_word(word, known);
      return fmt::format("{} has no command '{}'; {}", path, word,
                         !near.empty() ? fmt::format("did you mean '{}'?", near)
                                       : fmt::format("it has {}", fmt::join(known, ", ")));
    }
    at = next;
    path += " " + word;
  }
  return {};
}

bool App::parse(const std::string& arguments) {
  try {
    app_.parse(arguments);
    return true;
  } catch (const CLI::ParseError&) {
    return false;
  }
}

}  // namespace nearside::cli
