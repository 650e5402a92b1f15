// Maximum and minimum pooling on planes; nothing is unpacked.
#pragma once

#include <cstdint>

#include "adders.hpp"
#include "ops.hpp"

namespace gxnor {

// best = max(best, other) or min(best, other), lane by lane.
template <class V>
inline void keep_extreme(RegOf<V>* best, const std::uint64_t* other, int planes, bool ordered, bool minimum) {
    if (ordered) {  // thermometer or single planes: the maximum is "or", the minimum "and", plane by plane
        for (int j = 0; j < planes; ++j) {
            const RegOf<V> b = V::load(other + j * V::words);
            best[j] = minimum ? V::and_(best[j], b) : V::or_(best[j], b);
        }
        return;
    }
    RegOf<V> above = V::fill(false);  // other > best: decided by the highest plane that differs
    for (int j = 0; j < planes; ++j)
        above = V::majority(V::load(other + j * V::words), V::not_(best[j]), above);
    const RegOf<V> take = minimum ? V::not_(above) : above;
    for (int j = 0; j < planes; ++j) {
        const RegOf<V> differs = V::xor_(best[j], V::load(other + j * V::words));
        best[j] = V::xor_(best[j], V::and_(differs, take));
    }
}

template <class V>
inline bool run_pool(const ProgramView& program, const PoolOp& op, Frame& frame) {
    const Slab& source = program.slabs[op.source];
    const Slab& target = program.slabs[op.target];
    const Window& w = op.window;
    const int planes = source.planes;
    const bool ordered = source.form == Form::thermometer || planes == 1;
    const std::uint64_t* in = frame.arena + source.first * V::words;
    std::uint64_t* out = frame.arena + target.first * V::words;
    for (std::int64_t y = 0; y < op.out_height; ++y)
        for (std::int64_t x = 0; x < op.out_width; ++x) {
            const std::int64_t top = y * w.stride_y - w.pad_top, left = x * w.stride_x - w.pad_left;
            const Taps rows = taps_in_range(top, w.kernel_y, w.dilation_y, w.height);
            const Taps columns = taps_in_range(left, w.kernel_x, w.dilation_x, w.width);
            const std::int64_t place = (y * op.out_width + x) * target.channels + op.first_channel;
            for (std::int64_t c = 0; c < w.channels; ++c) {
                RegOf<V> best[max_counter_planes];
                bool first = true;
                for (std::int64_t ky = rows.first; ky < rows.last; ++ky)
                    for (std::int64_t kx = columns.first; kx < columns.last; ++kx) {
                        const std::int64_t position = (top + ky * w.dilation_y) * w.width + left + kx * w.dilation_x;
                        const std::uint64_t* other = in + (position * w.channels + c) * planes * V::words;
                        if (!first) keep_extreme<V>(best, other, planes, ordered, op.minimum[c] != 0);
                        for (int j = 0; first && j < planes; ++j) best[j] = V::load(other + j * V::words);
                        first = false;
                    }
                std::uint64_t* result = out + (place + c) * planes * V::words;
                for (int j = 0; j < planes; ++j) V::store(result + j * V::words, best[j]);
            }
            const std::int64_t taps = (rows.last - rows.first) * (columns.last - columns.first);
            if (stopped(frame.poll, w.channels * planes * (taps + 1))) return false;
        }
    return true;
}

}  // namespace gxnor
