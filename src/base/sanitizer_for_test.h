// Whether a sanitizer watches this build, for tests of what one changes.
#pragma once

namespace nearside::base {

/// Such a program is some thirty times slower and maps terabytes of its own, and mlock does
/// nothing in it.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace nearside::base
