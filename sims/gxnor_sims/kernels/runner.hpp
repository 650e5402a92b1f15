// Runs a program over all samples: blocks of lanes, shared out to threads.
#pragma once

#include <cstdint>
#include <functional>

#include "isa.hpp"
#include "program.hpp"

namespace gxnor {

// `lanes` samples per block, at most 64 per word of the instruction set. Samples are read and results written as
// blocks come, so memory does not depend on their number. `tick(samples done)` is called from the calling thread
// about 20 times a second; if it returns true, all threads stop and the result is false.
// Runs with fewer threads where the system gives no more. Throws std::bad_alloc.
bool run(const Isa& isa, Program& program, const Arrays& arrays, int lanes, int threads,
         const std::function<bool(std::int64_t)>& tick);

}  // namespace gxnor
