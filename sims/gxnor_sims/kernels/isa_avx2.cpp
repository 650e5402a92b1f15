#include "block.hpp"
#include "isa.hpp"
#include "rate.hpp"
#include "vec_avx2.hpp"

namespace gxnor {

bool run_block_avx2(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Avx2>(program, arrays, frame, first, lanes);
}

std::uint64_t logic_rounds_avx2(std::int64_t rounds) { return logic_rounds<Avx2, 2>(rounds); }

}  // namespace gxnor
