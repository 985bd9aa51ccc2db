#include "text/jinja_filters.h"

namespace nearside::text::jinja {

const FunctionEntry* find_filter(std::string_view name) {
  for (const auto table :
       {text_filters(), sequence_filters(), order_filters(), select_filters(), value_filters()})
    if (const FunctionEntry* const found = find_function(table, name); found != nullptr)
      return found;
  return nullptr;
}

}  // namespace nearside::text::jinja
