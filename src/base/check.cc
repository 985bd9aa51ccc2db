#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace nearside::base {

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "nearside: internal error at %s:%d: %s does not hold\n", file, line,
               condition);
  std::abort();
}

}  // namespace nearside::base
