// The table of instruction sets this module was built for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ops.hpp"

namespace gxnor {

using RunBlock = bool(const ProgramView&, const Arrays&, Frame&, std::int64_t first, int lanes);

// Each is defined in a file of its own, compiled with the flags of its instruction set.
RunBlock run_block_portable;
RunBlock run_block_avx2;
RunBlock run_block_avx512;

using LogicRounds = std::uint64_t(std::int64_t rounds);

LogicRounds logic_rounds_portable;
LogicRounds logic_rounds_avx2;
LogicRounds logic_rounds_avx512;

struct Isa {
    const char* name;
    int words;  // of 64 lanes each
    bool present;
    RunBlock* run_block;
    LogicRounds* logic_rounds;
    int ops_per_adder;  // logic instructions of a full adder
};

// All that were built, the widest last.
const std::vector<Isa>& built_isas();

// Throws std::invalid_argument if it was not built or this machine lacks it.
const Isa& isa_by_name(const std::string& name);

// Logic instructions on whole vectors that this core does per second: the best of slices over `seconds`.
double measure_ops(const Isa& isa, double seconds);

}  // namespace gxnor
