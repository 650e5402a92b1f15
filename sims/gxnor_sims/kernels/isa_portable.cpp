#include "block.hpp"
#include "isa.hpp"
#include "neurons.hpp"
#include "rate.hpp"
#include "vec_portable.hpp"

namespace gxnor {

bool run_block_portable(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Portable>(program, arrays, frame, first, lanes);
}

bool run_neurons_portable(const NeuronView& program, const Arrays& arrays, NeuronFrame& frame, std::int64_t first, int count) {
    return run_neuron_block<Portable, Portable, Portable>(program, arrays, frame, first, count);
}

std::uint64_t logic_rounds_portable(std::int64_t rounds) { return logic_rounds<Portable, 2>(rounds); }

}  // namespace gxnor
