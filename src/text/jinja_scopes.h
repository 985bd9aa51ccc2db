// The names a rendering knows, scope by scope.
//
// Scopes open and close like a stack; only the innermost is assigned to. A macro's scope stands on
// the stack where it is called but looks further in the scope it was defined in (`parent`), so
// looking a name up follows parents, not the stack.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "text/jinja_ast.h"
#include "text/jinja_value.h"

namespace nearside::text::jinja {

class Scopes {
 public:
  /// The outermost scope: one place for each name of the program, for what the template is given
  /// and what it sets outside of every block.
  explicit Scopes(std::size_t names_count) : globals_(names_count) { scopes_.push_back({}); }

  /// Which scope, and proof that it is still that one.
  struct Mark {
    std::size_t index = 0;
    std::uint64_t serial = 0;
  };

  void open(std::size_t parent) { scopes_.push_back({bindings_.size(), parent, ++last_serial_}); }
  void open() { open(top()); }
  void close() {
    bindings_.resize(scopes_.back().begin);
    scopes_.pop_back();
  }
  /// As closing and opening again: what the last round of a loop set is gone.
  void restart() {
    bindings_.resize(scopes_.back().begin);
    scopes_.back().serial = ++last_serial_;
  }

  void set(NameId name, Value value) {
    if (scopes_.size() == 1) {
      globals_[name] = std::move(value);
      return;
    }
    for (std::size_t i = scopes_.back().begin; i < bindings_.size(); ++i) {
      if (bindings_[i].first != name) continue;
      bindings_[i].second = std::move(value);
      return;
    }
    bindings_.emplace_back(name, std::move(value));
  }

  /// Null where no scope has the name. Valid until the next change.
  [[nodiscard]] const Value* find(NameId name) const {
    for (std::size_t scope = top(); scope != 0; scope = scopes_[scope].parent) {
      const std::size_t end =
          scope + 1 < scopes_.size() ? scopes_[scope + 1].begin : bindings_.size();
      for (std::size_t i = scopes_[scope].begin; i < end; ++i)
        if (bindings_[i].first == name) return &bindings_[i].second;
    }
    return globals_[name] ? &*globals_[name] : nullptr;
  }

  [[nodiscard]] std::size_t top() const { return scopes_.size() - 1; }
  [[nodiscard]] Mark mark() const { return {top(), scopes_.back().serial}; }
  [[nodiscard]] bool alive(const Mark& mark) const {
    return mark.index < scopes_.size() && scopes_[mark.index].serial == mark.serial;
  }

 private:
  struct Scope {
    std::size_t begin = 0;  // its first binding
    std::size_t parent = 0;
    std::uint64_t serial = 0;
  };
  std::vector<std::optional<Value>> globals_;  // index: NameId
  std::vector<std::pair<NameId, Value>> bindings_;
  std::vector<Scope> scopes_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace nearside::text::jinja
