#include "isa.hpp"

#include <stdexcept>

#include "vec_portable.hpp"

namespace gxnor {

const std::vector<Isa>& built_isas() {
    static const std::vector<Isa> table = {
        {"portable", Portable::words, true, run_block_portable, logic_rounds_portable, 5},
#ifdef GXNOR_X86
        {"avx2", 4, __builtin_cpu_supports("avx2") != 0, run_block_avx2, logic_rounds_avx2, 5},
        {"avx512", 8, __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"), run_block_avx512, logic_rounds_avx512, 2},
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
