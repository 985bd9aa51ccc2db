// Memory that a start has used and a service does not.
#pragma once

#include <cstddef>

namespace nearside::base {

/// Gives back what is not used now: free heap, and the pages of program and libraries that ran only
/// to get here (parsing a configuration, compiling patterns). Those are clean copies of files: the
/// ones still wanted come back by themselves, at about a microsecond each. For the end of a start.
/// Returns the bytes of program and libraries that were let go.
std::size_t give_back_memory();

}  // namespace nearside::base
