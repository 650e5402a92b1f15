#include "block.hpp"
#include "isa.hpp"
#include "rate.hpp"
#include "vec_avx512.hpp"

namespace gxnor {

bool run_block_avx512(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Avx512>(program, arrays, frame, first, lanes);
}

std::uint64_t logic_rounds_avx512(std::int64_t rounds) { return logic_rounds<Avx512, 3>(rounds); }

}  // namespace gxnor
