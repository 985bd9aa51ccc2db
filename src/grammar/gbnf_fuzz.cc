// Any bytes as a gbnf: compiled or refused, and a compiled one is followed in bounded time; a mask
// and a step always agree.
#include "grammar/constraint_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  return nearside::grammar::fuzz_constraint(nearside::grammar::Spec::Kind::kGbnf, data, size);
}
