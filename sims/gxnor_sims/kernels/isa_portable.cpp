#include "block.hpp"
#include "isa.hpp"
#include "vec_portable.hpp"

namespace gxnor {

bool run_block_portable(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Portable>(program, arrays, frame, first, lanes);
}

}  // namespace gxnor
