#include "kernels/tables.h"

#include <array>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#include "kernels/format.h"
#include "kernels/weights.h"

namespace nearside::kernels {

#if defined(__x86_64__)
namespace {

/// Clang's run-time support does not know this one by name.
bool has_f16c() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

}  // namespace
#endif

CpuFeatures detect_cpu_features() {
  CpuFeatures found;
#if defined(__x86_64__)
  // The compiler's run-time support also asks the operating system whether it saves the registers.
  __builtin_cpu_init();
  found.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
  found.avx512 = found.avx2 && __builtin_cpu_supports("avx512f") &&
                 __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
  found.avx512_bf16 = found.avx512 && __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__) && defined(__linux__)
  constexpr unsigned long kDotProduct = 1UL << 20U;  // HWCAP_ASIMDDP
  found.neon_dot = (::getauxval(AT_HWCAP) & kDotProduct) != 0;
#endif
  return found;
}

std::span<const Table* const> available_tables() {
  struct Available {
    std::array<const Table*, 5> tables{};
    std::size_t count = 0;
  };
  static const Available available = [] {
    Available found;
    const CpuFeatures features = detect_cpu_features();
    const auto add = [&](const Table* table) {
      if (table != nullptr) found.tables[found.count++] = table;
    };
    add(&scalar_table());
    if (features.avx2) add(avx2_functions());
    if (features.avx512) add(avx512_functions());
    if (features.avx512_bf16) add(avx512_bf16_functions());
    if (features.neon_dot) add(neon_functions());
    return found;
  }();
  return {available.tables.data(), available.count};
}

const Table& best_table() { return *available_tables().back(); }

const Table* find_table(std::string_view name) {
  for (const Table* table : available_tables())
    if (table->name == name) return table;
  return nullptr;
}

std::string describe(const Table& table) {
  const CpuFeatures features = detect_cpu_features();
  const auto yes_no = [](bool yes) { return yes ? "yes" : "no"; };
  std::string out;
  out += std::string("kernels: ") + table.name + "\n";
  out += std::string("processor offers: avx2+fma+f16c ") + yes_no(features.avx2) +
         ", avx512 with vnni " + yes_no(features.avx512) + ", avx512 bf16 " +
         yes_no(features.avx512_bf16) + ", neon with dot products " + yes_no(features.neon_dot) +
         "\n";
  out += "tables that run here:";
  for (const Table* available : available_tables()) out += std::string(" ") + available->name;
  out += "\nproducts:\n";
  for (const Format* format : formats()) {
    out += "  " + std::string(format->name);
    out.append(format->name.size() < 8 ? 8 - format->name.size() : 1, ' ');
    const Format& multiplied = multiplied_format(format->type, table);
    if (&multiplied != format) out += "as " + std::string(multiplied.name) + ", ";
    out += std::string(table.product(multiplied.type).name) + "\n";
  }
  return out;
}

}  // namespace nearside::kernels
