// Weighted sums: Dense, Conv2d, Identity and sum pooling, several of them into one population.
//
// Per output neuron: start the counter at a constant, add everything of negative sign, complement, add
// everything of positive sign. The constant is chosen so that the counter ends as (sum - lowest sum), which
// is never negative; all arithmetic is modulo 2^planes, so nothing in between can go wrong.
#pragma once

#include <cstddef>
#include <cstdint>

#include "adders.hpp"
#include "ops.hpp"

namespace gxnor {

template <class V>
inline Reach reach_of(const Term& term, const Slab& source, const std::uint64_t* arena, std::int64_t out_y,
                      std::int64_t out_x) {
    const Window& w = term.window;
    const std::int64_t top = out_y * w.stride_y - w.pad_top, left = out_x * w.stride_x - w.pad_left;
    Reach r;
    r.y = taps_in_range(top, w.kernel_y, w.dilation_y, w.height);
    r.x = taps_in_range(left, w.kernel_x, w.dilation_x, w.width);
    if (r.y.first == r.y.last || r.x.first == r.x.last) r.y = r.x = Taps{0, 0};
    r.whole = r.y.last - r.y.first == w.kernel_y && r.x.last - r.x.first == w.kernel_x;
    const std::int64_t neuron = w.channels * source.planes;
    const std::int64_t skip_y = r.y.first * w.dilation_y, skip_x = r.x.first * w.dilation_x;
    r.skip = static_cast<std::uint32_t>((skip_y * w.width + skip_x) * neuron);
    const bool some = r.y.first < r.y.last;
    const std::int64_t place = some ? ((top + skip_y) * w.width + left + skip_x) * neuron : 0;
    r.base = arena + (source.first + place) * V::words;
    r.advance = w.stride_x * neuron * V::words;
    return r;
}

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

// Sum of coefficient * lowest over the valid taps of the terms that feed a channel, modulo 2^64.
template <class V>
inline std::uint64_t constant_of(const Term* terms, std::int64_t n_terms, const Reach* reaches, std::int64_t channel) {
    std::uint64_t total = 0;
    for (std::int64_t t = 0; t < n_terms; ++t) {
        const Term& term = terms[t];
        if (channel < term.first_channel || channel >= term.last_channel) continue;
        const Window& w = term.window;
        const std::uint64_t* taps = term.tap_constants + (channel - term.first_channel) * w.kernel_y * w.kernel_x;
        for (std::int64_t ky = reaches[t].y.first; ky < reaches[t].y.last; ++ky)
            for (std::int64_t kx = reaches[t].x.first; kx < reaches[t].x.last; ++kx) total += taps[ky * w.kernel_x + kx];
    }
    return total;
}

template <class V>
inline void add_readings(RegOf<V>* counter, int planes, const Reading* first, const Reading* last, std::int64_t column) {
    for (const Reading* r = first; r != last; ++r) {
        const std::uint64_t* base = r->base + column * r->advance;
        if (r->width == 2)
            add_list<V, 2>(counter + r->level, planes - r->level, base, r->list, r->count);
        else
            add_list<V, 1>(counter + r->level, planes - r->level, base, r->list, r->count);
    }
}

// Writes the planes of one neuron's level from its counter.
template <class V>
inline void emit(const SumOp& op, const Slab& target, const RegOf<V>* counter, std::int64_t channel, std::uint64_t* out) {
    if (op.keeps_sums) {
        for (int j = 0; j < target.planes; ++j) V::store(out + j * V::words, counter[j]);
        return;
    }
    const std::uint64_t* bounds = op.thresholds + channel * op.n_thresholds;
    const RegOf<V> flip = V::fill(op.inverted[channel] != 0);
    if (target.form == Form::thermometer) {
        for (std::int64_t k = 0; k < op.n_thresholds; ++k)
            V::store(out + k * V::words, V::xor_(flip, at_least<V>(counter, op.counter_planes, bounds[k])));
        return;
    }
    RegOf<V> u[counter_room];
    for (int j = 0; j < target.planes; ++j) u[j] = V::fill(false);
    for (std::int64_t k = 0; k < op.n_thresholds; ++k) {
        const RegOf<V> reached = V::xor_(flip, at_least<V>(counter, op.counter_planes, bounds[k]));
        for (int j = 0; j < target.planes; ++j)
            if ((op.rises[k] >> j) & 1) ripple<V>(u, j, target.planes, reached);
    }
    for (int j = 0; j < target.planes; ++j) V::store(out + j * V::words, u[j]);
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
    const std::uint64_t low = static_cast<std::uint64_t>(op.lows[channel]);
    const std::uint64_t start = low - constant_of<V>(op.terms, op.n_terms, frame.reaches, channel) - 1;
    const int planes = op.counter_planes;
    for (std::int64_t column = 0; column < columns; ++column) {
        RegOf<V> counter[counter_room];
        for (int k = 0; k < planes; ++k) counter[k] = V::fill((start >> k) & 1);
        for (int k = planes; k < planes + counter_slack; ++k) counter[k] = V::fill(false);
        add_readings<V>(counter, planes, frame.readings, frame.readings + turn, column);
        for (int k = 0; k < planes; ++k) counter[k] = V::not_(counter[k]);
        add_readings<V>(counter, planes, frame.readings + turn, frame.readings + (end - begin), column);
        emit<V>(op, target, counter, channel, out + column * target.channels * target.planes * V::words);
    }
    return work * columns;
}

template <class V>
inline bool run_sum(const ProgramView& program, const SumOp& op, Frame& frame) {
    const Slab& target = program.slabs[op.target];
    std::uint64_t* slab = frame.arena + target.first * V::words;
    for (std::int64_t y = 0; y < op.out_height; ++y)
        for (std::int64_t t = 0; t < op.n_tiles; ++t) {
            const std::int64_t x = op.tiles[2 * t], columns = op.tiles[2 * t + 1] - x;
            for (std::int64_t i = 0; i < op.n_terms; ++i)
                frame.reaches[i] = reach_of<V>(op.terms[i], program.slabs[op.terms[i].source], frame.arena, y, x);
            std::uint64_t* row = slab + (y * op.out_width + x) * target.channels * target.planes * V::words;
            for (std::int64_t channel = 0; channel < op.channels; ++channel) {
                std::uint64_t* out = row + channel * target.planes * V::words;
                if (stopped(frame.poll, sum_tile<V>(op, target, frame, channel, columns, out))) return false;
            }
        }
    return true;
}

}  // namespace gxnor
