// Full counts: which neurons an open gate reached, and open (neuron, weight plane, level plane) triples.
//
// A gate is open where a nonzero weight plane meets a nonzero plane of the source's level. Per output neuron and
// pair of planes that is an "or" over the list of the weight plane's nonzero weights; it ends as soon as every
// lane is reached, which on dense activity is after a few entries. The results are then counted like spikes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "adders.hpp"
#include "ops.hpp"
#include "sums.hpp"
#include "tally.hpp"

namespace gxnor {

// Planes that lists and rows ask for, from planes of another form.
template <class V>
inline bool run_part(const ProgramView& program, const PartOp& op, Frame& frame) {
    const Slab& source = program.slabs[op.source];
    const Slab& target = program.slabs[op.target];
    Slab valued = source;
    valued.lowest = op.lowest;
    valued.step = op.step;
    const std::uint64_t* in = frame.arena + source.first * V::words;
    std::uint64_t* out = frame.arena + target.first * V::words;
    for (std::int64_t i = 0; i < source.positions * source.channels; ++i) {
        RegOf<V> b[max_counter_planes];
        for (int j = 0; j < source.planes; ++j) b[j] = V::load(in + j * V::words);
        const RegOf<V> kept = level_at_least<V>(b, source, op.nonnegative_from);
        magnitude<V>(b, valued, target.planes, op.part == Part::magnitude ? V::not_(kept) : V::fill(false), out);
        for (int k = 0; op.part == Part::positive && k < target.planes; ++k)
            V::store(out + k * V::words, V::and_(kept, V::load(out + k * V::words)));
        in += source.planes * V::words;
        out += target.planes * V::words;
        if (stopped(frame.poll, source.planes + target.planes)) return false;
    }
    return true;
}

// "Or" of the listed planes; entries lose `skip`.
template <class V>
[[gnu::always_inline]] inline RegOf<V> any_of(RegOf<V> found, const std::uint64_t* base, const std::uint32_t* list,
                                              std::int64_t count, std::uint32_t skip) {
    constexpr std::int64_t unroll = 4;  // entries between two looks at whether all lanes are reached
    const auto plane = [&](std::int64_t i) { return V::load(base + std::size_t{list[i] - skip} * V::words); };
    for (; count >= unroll && !V::full(found); count -= unroll, list += unroll)
        found = V::or_(V::or_(found, V::or_(plane(0), plane(1))), V::or_(plane(2), plane(3)));
    if (count >= unroll) return found;
    for (std::int64_t i = 0; i < count; ++i) found = V::or_(found, plane(i));
    return found;
}

// Lanes in which plane `plane` of some source of a group is set, over the taps in range.
template <class V>
inline RegOf<V> open_lanes(const Term& term, const Reach& reach, std::int64_t group, std::int64_t plane, RegOf<V> found) {
    const std::int64_t width = term.window.kernel_x, taps = term.window.kernel_y * width;
    const std::int64_t* runs = term.runs + group * taps;
    const std::uint64_t* base = reach.base + plane * V::words;
    if (reach.whole) return any_of<V>(found, base, term.entries + runs[0], runs[taps] - runs[0], 0);
    for (std::int64_t ky = reach.y.first; ky < reach.y.last; ++ky) {
        const std::int64_t begin = runs[ky * width + reach.x.first], end = runs[ky * width + reach.x.last];
        found = any_of<V>(found, base, term.entries + begin, end - begin, reach.skip);
    }
    return found;
}

// Adds the lanes that wait in one row to its counter.
template <class V>
inline void flush(const ReachedOp& op, std::int64_t row, Frame& frame) {
    RegOf<V>* counter = reinterpret_cast<RegOf<V>*>(frame.counters) + row * counter_room;
    const std::uint64_t* waiting = frame.masks + row * tally_chunk * V::words;
    add_list<V, 1>(counter, op.counter_planes[row], waiting, op.all, frame.waiting[row]);
    frame.waiting[row] = 0;
}

template <class V>
inline void count_lanes(const ReachedOp& op, std::int64_t row, RegOf<V> lanes, Frame& frame) {
    V::store(frame.masks + (row * tally_chunk + frame.waiting[row]) * V::words, lanes);
    if (++frame.waiting[row] == tally_chunk) flush<V>(op, row, frame);
}

// One output neuron: every pair of planes of every term. `unused` lanes count as reached.
template <class V>
inline void reach_neuron(const ProgramView& program, const ReachedOp& op, std::int64_t channel, RegOf<V> unused, Frame& frame) {
    RegOf<V> reached = V::fill(false);
    for (std::int64_t t = 0; t < op.n_terms; ++t) {
        const Term& term = op.terms[t];
        if (channel < term.first_channel || channel >= term.last_channel) continue;
        const std::int64_t outputs = term.last_channel - term.first_channel, own = channel - term.first_channel;
        for (std::int64_t k = 0; k < op.weight_planes[t]; ++k)
            for (std::int64_t plane = 0; plane < program.slabs[term.source].planes; ++plane) {
                const RegOf<V> open = open_lanes<V>(term, frame.reaches[t], k * outputs + own, plane, unused);
                count_lanes<V>(op, t, open, frame);
                reached = V::or_(reached, open);
            }
    }
    count_lanes<V>(op, op.n_terms, reached, frame);
}

// Lanes beyond the samples, taken as reached so that they never hold up the end of a list.
template <class V>
inline RegOf<V> unused_lanes(int lanes) {
    alignas(64) std::uint64_t words[V::words];
    for (int word = 0; word < V::words; ++word) {
        const int used = lanes - word * word_bits;
        words[word] = used <= 0 ? ~std::uint64_t{0} : used < word_bits ? ~std::uint64_t{0} << used : 0;
    }
    return V::load(words);
}

template <class V>
inline bool run_reached(const ProgramView& program, const ReachedOp& op, const Arrays& arrays, std::int64_t first, int lanes,
                        Frame& frame) {
    const RegOf<V> unused = unused_lanes<V>(lanes);
    RegOf<V>* counters = reinterpret_cast<RegOf<V>*>(frame.counters);
    for (std::int64_t i = 0; i < (op.n_terms + 1) * counter_room; ++i) counters[i] = V::fill(false);
    for (std::int64_t row = 0; row <= op.n_terms; ++row) frame.waiting[row] = 0;
    for (std::int64_t y = 0; y < op.out_height; ++y)
        for (std::int64_t x = 0; x < op.out_width; ++x) {
            for (std::int64_t t = 0; t < op.n_terms; ++t)
                frame.reaches[t] = reach_of<V>(op.terms[t], program.slabs[op.terms[t].source], frame.arena, y, x);
            for (std::int64_t channel = 0; channel < op.channels; ++channel) {
                reach_neuron<V>(program, op, channel, unused, frame);
                if (stopped(frame.poll, op.work[channel])) return false;
            }
        }
    for (std::int64_t row = 0; row <= op.n_terms; ++row) {
        flush<V>(op, row, frame);
        write_row<V>(frame.counters + row * counter_room * V::words, op.counter_planes[row], 0, 1, first, lanes,
                     arrays.tallies + (op.out + row) * arrays.samples);
    }
    return true;
}

}  // namespace gxnor
