// Invariants: CHECK is always on, DCHECK only in builds without NDEBUG (inside hot loops).
//
// A failed check means that we are wrong, never that the outside is: input, files, network and
// configuration get a Result (base/result.h), whatever the build type.
#pragma once

namespace nearside::base {

/// Prints where and what to stderr and aborts.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace nearside::base

#define CHECK(condition)                                              \
  do {                                                                \
    if (!(condition)) [[unlikely]]                                    \
      ::nearside::base::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition) \
  do {                    \
  } while (false)
#else
#define DCHECK(condition) CHECK(condition)
#endif
