#include "block.hpp"
#include "isa.hpp"
#include "vec_avx512.hpp"

namespace gxnor {

bool run_block_avx512(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Avx512>(program, arrays, frame, first, lanes);
}

}  // namespace gxnor
