// Runs a program over samples: blocks of them, shared out to threads.
#pragma once

#include <cstdint>
#include <functional>

#include "isa.hpp"
#include "memory.hpp"
#include "neuron_program.hpp"
#include "program.hpp"
#include "storage.hpp"

namespace gxnor {

// Samples first .. last-1 in blocks of at most `lanes`.
struct Share {
    std::int64_t first, last;
    int lanes;
    int threads;
};

enum class Outcome : std::int32_t { finished = 0, stopped = 1, bad_level = 2 };

// `tick(samples done)` is called from the calling thread about 20 times a second; if it returns true, all threads
// stop. An input level that is not admissible stops them too; results are then of no use.
using TickFunction = std::function<bool(std::int64_t)>;

// Samples are read and results written as blocks come, so memory does not depend on their number. Working memory
// is taken from the shelf and put back. Both run with fewer threads where the system gives no more, and throw
// std::bad_alloc.

// Samples in the lanes of vectors of `width`; at most 64 lanes per word.
Outcome run_samples(const Width& width, Program& program, Shelf<SampleMemory>& shelf, const Arrays& arrays,
                    const Share& share, const TickFunction& tick);

// Output neurons in the lanes; a block is a few samples, one after the other.
Outcome run_neurons(const Isa& isa, NeuronProgram& program, Shelf<NeuronMemory>& shelf, const Arrays& arrays,
                    const Share& share, const TickFunction& tick);

}  // namespace gxnor
