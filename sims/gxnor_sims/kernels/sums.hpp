// Weighted sums: Dense, Conv2d, Identity and sum pooling, several of them into one population.
//
// Per output neuron: start the counter at a constant, add everything of negative sign, complement, add
// everything of positive sign. The constant is chosen so that the counter ends as (sum - lowest sum), which
// is never negative; all arithmetic is modulo 2^planes, so nothing in between can go wrong.
#pragma once

#include <cstddef>
#include <cstdint>

#include "adders.hpp"
#include "chunks.hpp"
#include "numbers.hpp"
#include "ops.hpp"
#include "sum_parts.hpp"

namespace gxnor {

// Start and length of a group's entries; where only some taps are valid they are gathered into `scratch`.
struct Entries {
    const std::uint32_t* list;
    std::int64_t count;
    std::uint32_t* scratch;  // what is left of the scratch
};

template <class V>
inline Entries entries_of(const Term& term, const Reach& reach, std::int64_t group, std::uint32_t* scratch) {
    const std::int64_t taps = term.window.kernel_y * term.window.kernel_x;
    const std::int64_t* runs = term.runs + group * taps;
    if (reach.whole) return {term.entries + runs[0], runs[taps] - runs[0], scratch};
    std::uint32_t* end = scratch;
    for (std::int64_t ky = reach.y.first; ky < reach.y.last; ++ky) {
        const std::int64_t row = ky * term.window.kernel_x;
        for (std::int64_t i = runs[row + reach.x.first]; i < runs[row + reach.x.last]; ++i)
            *end++ = term.entries[i] - reach.skip;
    }
    return {scratch, end - scratch, end};
}

template <class V>
inline void add_readings(RegOf<V>* counter, int planes, const Reading* first, const Reading* last, std::int64_t column) {
    for (const Reading* r = first; r != last; ++r)
        add_at<V>(counter, planes, r->level, r->width, r->base + column * r->advance, r->list, r->count);
}

// One output channel over one tile of columns. Returns the plane operations spent.
template <class V>
inline std::int64_t sum_tile(const SumOp& op, const Slab& target, Frame& frame, std::int64_t channel,
                             std::int64_t columns, std::uint64_t* out) {
    const std::int64_t begin = op.segment_start[channel], end = op.segment_start[channel + 1];
    const std::int64_t turn = op.positive_start[channel] - begin;
    std::uint32_t* scratch = frame.lists;
    Entries entries{nullptr, 0, scratch};
    std::int64_t work = 16;
    for (std::int64_t s = begin; s < end; ++s) {
        const Segment& segment = op.segments[s];
        const Reach& reach = frame.reaches[segment.term];
        const bool same = s > begin && segment.group == op.segments[s - 1].group && segment.term == op.segments[s - 1].term;
        if (!same) entries = entries_of<V>(op.terms[segment.term], reach, segment.group, entries.scratch);
        frame.readings[s - begin] = {reach.base + segment.plane * V::words, entries.list, entries.count, reach.advance,
                                     segment.level, segment.width};
        work += entries.count * segment.width + 16;
    }
    const int planes = op.counter_planes;
    RegOf<V> start[counter_room], counter[counter_room];
    const std::uint64_t first = start_of<V>(op, frame.reaches, channel);
    for (int k = 0; k < planes; ++k) start[k] = V::fill((first >> k) & 1);
    for (int k = planes; k < planes + counter_slack; ++k) counter[k] = V::fill(false);
    for (std::int64_t column = 0; column < columns; ++column) {
        for (int k = 0; k < planes; ++k) counter[k] = start[k];
        add_readings<V>(counter, planes, frame.readings, frame.readings + turn, column);
        complement<V>(counter, planes);
        add_readings<V>(counter, planes, frame.readings + turn, frame.readings + (end - begin), column);
        emit<V>(op, target, counter, channel, out + column * target.channels * target.planes * V::words);
    }
    return work * columns;
}

// All channels over one tile of columns.
template <class V>
inline bool sum_channels(const SumOp& op, const Slab& target, Frame& frame, std::int64_t columns, std::uint64_t* out) {
    for (std::int64_t channel = 0; channel < op.channels; ++channel) {
        const std::int64_t work = sum_tile<V>(op, target, frame, channel, columns, out + channel * target.planes * V::words);
        if (stopped(frame.poll, work)) return false;
    }
    return true;
}

template <class V>
inline bool run_sum(const ProgramView& program, const SumOp& op, Frame& frame) {
    const Slab& target = program.slabs[op.target];
    const std::int64_t neuron = target.channels * target.planes * V::words;
    std::uint64_t* slab = frame.arena + target.first * V::words;
    for (std::int64_t y = 0; y < op.out_height; ++y)
        for (std::int64_t t = 0; t < op.n_tiles; ++t) {
            const std::int64_t x = op.tiles[2 * t], columns = op.tiles[2 * t + 1] - x;
            for (std::int64_t i = 0; i < op.n_terms; ++i)
                frame.reaches[i] = reach_of<V>(op.terms[i], program.slabs[op.terms[i].source], frame.arena, y, x);
            const std::int64_t place = y * op.out_width + x;
            if (op.chunks.count == 0) {
                if (!sum_channels<V>(op, target, frame, columns, slab + place * neuron)) return false;
                continue;
            }
            for (std::int64_t column = 0; column < columns; ++column)
                if (!run_chunks<V>(op, target, frame, place + column, column, slab + (place + column) * neuron)) return false;
        }
    return true;
}

}  // namespace gxnor
