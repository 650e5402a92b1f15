// One block of lanes through a whole program.
#pragma once

#include <cstdint>

#include "limits.hpp"
#include "ops.hpp"
#include "pack.hpp"
#include "pools.hpp"
#include "reached.hpp"
#include "sums.hpp"
#include "tally.hpp"

namespace gxnor {

// A population is complete: record and count it where that is asked for.
template <class V>
inline bool run_done(const ProgramView& program, const Arrays& arrays, std::int32_t index, std::int64_t first, int lanes,
                     Frame& frame) {
    const Slab& slab = program.slabs[index];
    if (arrays.records[index] && !run_unpack<V>(slab, first, lanes, arrays.records[index], frame)) return false;
    const TallyOp& tally = program.tallies[index];
    return !arrays.tallies || run_tally<V>(slab, tally, arrays.samples, first, lanes, arrays.tallies, frame);
}

template <class V>
inline bool run_input(const ProgramView& program, const Arrays& arrays, std::int32_t index, std::int64_t first, int lanes,
                      Frame& frame) {
    const Slab& slab = program.slabs[program.inputs[index]];
    if (!levels_allowed<V>(arrays.inputs[index], program.limits[index], slab.positions * slab.channels, first, lanes)) {
        frame.bad_level = true;
        return false;
    }
    return run_pack<V>(program, arrays, index, first, lanes, frame);
}

// Runs samples first .. first+lanes-1. Returns false if it was stopped or a level is not admissible.
template <class V>
bool run_block(const ProgramView& program, const Arrays& arrays, Frame& frame, std::int64_t first, int lanes) {
    for (std::int64_t s = 0; s < program.n_steps; ++s) {
        const std::int32_t index = program.steps[s].index;
        bool going = true;
        switch (program.steps[s].kind) {
            case StepKind::pack: going = run_input<V>(program, arrays, index, first, lanes, frame); break;
            case StepKind::sum: going = run_sum<V>(program, program.sums[index], frame); break;
            case StepKind::pool: going = run_pool<V>(program, program.pools[index], frame); break;
            case StepKind::done: going = run_done<V>(program, arrays, index, first, lanes, frame); break;
            case StepKind::part:
                going = !arrays.tallies || run_part<V>(program, program.parts[index], frame);
                break;
            case StepKind::reached:
                going = !arrays.tallies || run_reached<V>(program, program.reached[index], arrays, first, lanes, frame);
                break;
            case StepKind::readout: {
                const Slab& slab = program.slabs[program.readouts[index]];
                going = run_unpack<V>(slab, first, lanes, arrays.readouts[index], frame);
                break;
            }
        }
        if (!going) return false;
    }
    return true;
}

}  // namespace gxnor
