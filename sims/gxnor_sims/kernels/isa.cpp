#include "isa.hpp"

#include <stdexcept>

#include "vec_portable.hpp"

namespace gxnor {

const Width& Isa::width(int wanted) const {
    for (const Width& width : widths)
        if (width.words == wanted) return width;
    throw std::invalid_argument("instruction set '" + std::string(name) + "' has no vectors of " + std::to_string(wanted) +
                                " words");
}

const std::vector<Isa>& built_isas() {
    static const std::vector<Isa> table = {
        {"portable", true, {{Portable::words, run_block_portable}}, run_neurons_portable, logic_rounds_portable, 5},
#ifdef GXNOR_X86
        {"avx2", __builtin_cpu_supports("avx2") != 0, {{2, run_block_avx2_128}, {4, run_block_avx2_256}}, run_neurons_avx2,
         logic_rounds_avx2, 5},
        {"avx512",
         __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"),
         {{2, run_block_avx512_128}, {4, run_block_avx512_256}, {8, run_block_avx512_512}},
         run_neurons_avx512, logic_rounds_avx512, 2},
#endif
    };
    return table;
}

const Isa& isa_by_name(const std::string& name) {
    for (const Isa& isa : built_isas())
        if (isa.present && name == isa.name) return isa;
    throw std::invalid_argument("instruction set '" + name + "' is not available");
}

}  // namespace gxnor
