#include "block.hpp"
#include "isa.hpp"
#include "neurons.hpp"
#include "rate.hpp"
#include "vec_avx2.hpp"

namespace gxnor {

bool run_block_avx2_128(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Avx2Half>(program, arrays, frame, first, lanes);
}

bool run_block_avx2_256(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Avx2>(program, arrays, frame, first, lanes);
}

bool run_neurons_avx2(const NeuronView& program, const Arrays& arrays, NeuronFrame& frame, std::int64_t first, int count) {
    return run_neuron_block<Avx2, Avx2, Avx2Half>(program, arrays, frame, first, count);
}

std::uint64_t logic_rounds_avx2(std::int64_t rounds) { return logic_rounds<Avx2, 2>(rounds); }

}  // namespace gxnor
