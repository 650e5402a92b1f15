#include "block.hpp"
#include "isa.hpp"
#include "neurons.hpp"
#include "rate.hpp"
#include "vec_avx512.hpp"

namespace gxnor {

bool run_block_avx512_128(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Avx512Quarter>(program, arrays, frame, first, lanes);
}

bool run_block_avx512_256(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Avx512Half>(program, arrays, frame, first, lanes);
}

bool run_block_avx512_512(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    return run_block<Avx512>(program, arrays, frame, first, lanes);
}

bool run_neurons_avx512(const NeuronView& program, const Arrays& arrays, NeuronFrame& frame, std::int64_t first, int count) {
    return run_neuron_block<Avx512, Avx512Half, Avx512Quarter>(program, arrays, frame, first, count);
}

std::uint64_t logic_rounds_avx512(std::int64_t rounds) { return logic_rounds<Avx512, 3>(rounds); }

}  // namespace gxnor
