// Exact event counts per sample: sums over neurons of a static factor times a mask (level > 0, < 0, != 0, or
// each nonzero plane of the level). The factors are split into bits, so that a count is a few passes of the
// same carry-save adders over masks that stay in the first cache.
#pragma once

#include <cstdint>

#include "adders.hpp"
#include "ops.hpp"
#include "pack.hpp"

namespace gxnor {

// Lanes whose u is at least `bound`.
template <class V>
inline RegOf<V> level_at_least(const RegOf<V>* b, const Slab& slab, std::int64_t bound) {
    const bool thermometer = slab.form == Form::thermometer;
    const std::int64_t highest = thermometer ? slab.planes : (std::int64_t{1} << slab.planes) - 1;
    if (bound <= 0) return V::fill(true);
    if (bound > highest) return V::fill(false);
    if (thermometer) return b[bound - 1];
    return at_least<V>(b, slab.planes, static_cast<std::uint64_t>(bound));
}

// Planes of |level|: lowest + step * u in two's complement, then conditionally negated.
template <class V>
inline void magnitude(const RegOf<V>* b, const Slab& slab, int planes, RegOf<V> negative, std::uint64_t* out) {
    if (slab.lowest == 0 && slab.step == 1 && slab.form == Form::binary) {
        for (int k = 0; k < planes; ++k) V::store(out + k * V::words, k < slab.planes ? b[k] : V::fill(false));
        return;
    }
    RegOf<V> value[counter_room];
    for (int k = 0; k < planes; ++k) value[k] = V::fill((static_cast<std::uint64_t>(slab.lowest) >> k) & 1);
    for (int j = 0; j < slab.planes; ++j) {
        const std::uint64_t weight = static_cast<std::uint64_t>(slab.step) << (slab.form == Form::binary ? j : 0);
        for (int k = 0; k < planes; ++k)
            if ((weight >> k) & 1) ripple<V>(value, k, planes, b[j]);
    }
    for (int k = 0; k < planes; ++k) value[k] = V::xor_(value[k], negative);
    ripple<V>(value, 0, planes, negative);
    for (int k = 0; k < planes; ++k) V::store(out + k * V::words, value[k]);
}

template <class V>
inline void masks_of(const std::uint64_t* neuron, const Slab& slab, const TallyOp& op, std::uint64_t* out) {
    RegOf<V> b[max_counter_planes];
    for (int j = 0; j < slab.planes; ++j) b[j] = V::load(neuron + j * V::words);
    const RegOf<V> positive = level_at_least<V>(b, slab, op.positive_from);
    const RegOf<V> negative = V::not_(level_at_least<V>(b, slab, op.nonnegative_from));
    V::store(out, positive);
    V::store(out + V::words, negative);
    V::store(out + 2 * V::words, V::or_(positive, negative));
    if (op.magnitude_planes) magnitude<V>(b, slab, op.magnitude_planes, negative, out + fixed_masks * V::words);
}

// Adds one chunk's masks to the counter of one row.
template <class V>
inline std::int64_t count_chunk(const TallyRow& row, const TallyOp& op, std::int64_t chunks, std::int64_t chunk,
                                const std::uint64_t* masks, RegOf<V>* counter) {
    const bool ones = row.mask == Mask::ones;
    const int first = ones ? fixed_masks : static_cast<int>(row.mask);
    const int last = ones ? fixed_masks + op.magnitude_planes : first + 1;
    std::int64_t work = 16;
    for (int bit = 0; bit < row.bits; ++bit) {
        const std::int64_t* run = row.runs + bit * chunks + chunk;
        for (int mask = first; mask < last; ++mask)
            add_list<V, 1>(counter + bit, row.counter_planes - bit, masks + mask * V::words, row.entries + run[0],
                           run[1] - run[0]);
        work += (run[1] - run[0] + 16) * (last - first);
    }
    return work;
}

// Adds or takes away one chunk of a direct row.
template <class V>
inline std::int64_t count_planes(const TallyRow& row, const Slab& slab, std::int64_t chunks, std::int64_t chunk,
                                 const std::uint64_t* neurons, RegOf<V>* counter) {
    std::int64_t work = 16;
    const std::uint64_t* from = neurons + chunk * direct_chunk * slab.planes * V::words;
    for (int bit = 0; bit < row.bits; ++bit) {
        const std::int64_t* run = row.runs + bit * chunks + chunk;
        const std::int64_t count = run[1] - run[0];
        const int planes = row.counter_planes - bit;
        if (row.plus >= 0) add_list<V, 1>(counter + bit, planes, from + row.plus * V::words, row.entries + run[0], count);
        if (row.minus >= 0) {
            for (int k = 0; k < planes; ++k) counter[bit + k] = V::not_(counter[bit + k]);
            add_list<V, 1>(counter + bit, planes, from + row.minus * V::words, row.entries + run[0], count);
            for (int k = 0; k < planes; ++k) counter[bit + k] = V::not_(counter[bit + k]);
        }
        work += 2 * (count + 16);
    }
    return work;
}

// Writes base plus one counter's numbers, one per lane and modulo 2^planes, to a row of the result.
template <class V>
inline void write_row(const std::uint64_t* counter, int planes, std::int64_t base, std::int64_t factor, std::int64_t first,
                      int lanes, std::int64_t* row) {
    const std::uint64_t mask = (std::uint64_t{1} << planes) - 1;
    for (int word = 0; word * word_bits < lanes; ++word) {
        std::uint64_t values[word_bits];
        lane_fields<V, word_bits>(&counter, 1, planes, word, values);
        const int left = lanes - word * word_bits;
        for (int s = 0; s < (left < word_bits ? left : word_bits); ++s)
            row[first + word * word_bits + s] = static_cast<std::int64_t>((values[s] + static_cast<std::uint64_t>(base)) & mask) * factor;
    }
}

template <class V>
inline bool run_tally(const Slab& slab, const TallyOp& op, std::int64_t samples, std::int64_t first, int lanes,
                      std::int64_t* out, Frame& frame) {
    const std::int64_t size = slab.positions * slab.channels;
    const std::int64_t chunk_size = op.direct ? direct_chunk : tally_chunk, chunks = (size + chunk_size - 1) / chunk_size;
    const std::int64_t stride = (fixed_masks + op.magnitude_planes) * V::words;
    const std::uint64_t* planes = frame.arena + slab.first * V::words;
    RegOf<V>* counters = reinterpret_cast<RegOf<V>*>(frame.counters);
    for (std::int64_t r = 0; r < op.n_rows; ++r)
        for (int k = 0; k < op.rows[r].counter_planes; ++k) counters[r * counter_room + k] = V::fill(false);
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
        const std::int64_t begin = chunk * chunk_size;
        const std::int64_t end = begin + chunk_size < size ? begin + chunk_size : size;
        if (!op.direct)
            for (std::int64_t i = begin; i < end; ++i)
                masks_of<V>(planes + i * slab.planes * V::words, slab, op, frame.masks + (i - begin) * stride);
        std::int64_t work = (end - begin) * slab.planes;
        for (std::int64_t r = 0; r < op.n_rows; ++r)
            work += op.direct ? count_planes<V>(op.rows[r], slab, chunks, chunk, planes, counters + r * counter_room)
                              : count_chunk<V>(op.rows[r], op, chunks, chunk, frame.masks, counters + r * counter_room);
        if (stopped(frame.poll, work)) return false;
    }
    for (std::int64_t r = 0; r < op.n_rows; ++r) {
        const TallyRow& row = op.rows[r];
        const std::uint64_t* counter = frame.counters + r * counter_room * V::words;
        write_row<V>(counter, row.counter_planes, row.base, row.factor, first, lanes, out + row.out * samples);
    }
    return true;
}

}  // namespace gxnor
