#include "block.hpp"
#include "isa.hpp"
#include "vec_avx2.hpp"

namespace gxnor {

bool run_block_avx2(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Avx2>(program, arrays, frame, first, lanes);
}

}  // namespace gxnor
