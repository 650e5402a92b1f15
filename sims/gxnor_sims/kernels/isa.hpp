// The table of instruction sets this module was built for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "neuron_ops.hpp"
#include "ops.hpp"

namespace gxnor {

using RunBlock = bool(const ProgramView&, const Arrays&, Frame&, std::int64_t first, int lanes);
using RunNeurons = bool(const NeuronView&, const Arrays&, NeuronFrame&, std::int64_t first, int count);

// Each is defined in the file of its instruction set, compiled with its flags. The number is the lanes of a block.
RunBlock run_block_portable;
RunBlock run_block_avx2_128, run_block_avx2_256;
RunBlock run_block_avx512_128, run_block_avx512_256, run_block_avx512_512;
RunNeurons run_neurons_portable, run_neurons_avx2, run_neurons_avx512;

using LogicRounds = std::uint64_t(std::int64_t rounds);

LogicRounds logic_rounds_portable, logic_rounds_avx2, logic_rounds_avx512;

// A vector that the instruction set works with.
struct Width {
    int words;  // of 64 lanes each
    RunBlock* run_block;
};

struct Isa {
    const char* name;
    bool present;
    std::vector<Width> widths;  // the widest last
    RunNeurons* run_neurons;
    LogicRounds* logic_rounds;
    int ops_per_adder;  // logic instructions of a full adder

    int words() const { return widths.back().words; }
    // Throws std::invalid_argument if it has no such width.
    const Width& width(int words) const;
};

// All that were built, the widest last.
const std::vector<Isa>& built_isas();

// Throws std::invalid_argument if it was not built or this machine lacks it.
const Isa& isa_by_name(const std::string& name);

// Logic instructions on whole vectors that this core does per second: the best of slices over `seconds`.
double measure_ops(const Isa& isa, double seconds);

}  // namespace gxnor
