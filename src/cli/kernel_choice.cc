#include "cli/kernel_choice.h"

#include <cstdlib>

namespace nearside::cli {

base::Result<const kernels::Table*> chosen_kernels() {
  const char* const name = std::getenv("NEARSIDE_KERNELS");
  if (name == nullptr || *name == '\0') return &kernels::best_table();
  const kernels::Table* const found = kernels::find_table(name);
  if (found != nullptr) return found;
  std::string names;
  for (const kernels::Table* table : kernels::available_tables())
    names += std::string(names.empty() ? "" : ", ") + table->name;
  return base::fail(base::Code::kInvalidArgument,
                    "NEARSIDE_KERNELS is '{}', but this processor runs {}: set one of these or "
                    "unset it",
                    name, names);
}

base::Result<std::string> describe_kernels() {
  const kernels::Table* table = TRY(chosen_kernels());
  return kernels::describe(*table);
}

}  // namespace nearside::cli
