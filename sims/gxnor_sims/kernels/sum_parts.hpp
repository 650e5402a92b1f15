// What all forms of weighted sums share: where they read, the constant they start from, what becomes of a counter.
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

// What a counter of a channel starts from: complemented, and so that it ends as the sum above the lowest one.
template <class V>
inline std::uint64_t start_of(const SumOp& op, const Reach* reaches, std::int64_t channel) {
    return static_cast<std::uint64_t>(op.lows[channel]) - constant_of<V>(op.terms, op.n_terms, reaches, channel) - 1;
}

template <class V>
inline void start_counter(std::uint64_t* kept, const SumOp& op, int planes, const Reach* reaches, std::int64_t channel) {
    const std::uint64_t start = start_of<V>(op, reaches, channel);
    for (int k = 0; k < planes; ++k) V::store(kept + k * V::words, V::fill((start >> k) & 1));
}

template <class V>
inline void complement(RegOf<V>* counter, int planes) {
    for (int k = 0; k < planes; ++k) counter[k] = V::not_(counter[k]);
}

}  // namespace gxnor
