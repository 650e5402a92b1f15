// Sums of one sample with output neurons in the lanes.
//
// Source neurons that are not silent are listed by the signed binary digits of gain * level. Per window the lists
// of all negative digits are added first, then the counter is complemented, then come the positive ones; it starts
// at a constant such that it ends as (sum - lowest sum), which is never negative. As in sums.hpp, all arithmetic is
// modulo 2^planes, so nothing in between can go wrong.
#pragma once

#include <cstddef>
#include <cstdint>

#include "adders.hpp"
#include "neuron_ops.hpp"
#include "ops.hpp"
#include "pack.hpp"

namespace gxnor {

// Rows of the table that one position takes.
template <class V>
inline std::uint32_t rows_of(const Weights& w) {
    return static_cast<std::uint32_t>(w.window.channels) * static_cast<std::uint32_t>(w.row_planes);
}

template <class V>
inline bool one_tap(const Weights& w) {
    return w.window.kernel_y * w.window.kernel_x == 1;
}

// Lists the source's events by digit and position: offsets of table rows, as if the column were the kernel tap. What
// a window must add is then the same for taps side by side. Windows of one tap need the offset inside the tap alone.
template <class V>
inline void list_events(const Weights& w, const std::int32_t* levels, NeuronFrame& frame) {
    const std::int64_t positions = w.window.height * w.window.width, channels = w.window.channels;
    const std::int64_t size = positions * channels;
    for (std::int32_t d = 0; d < w.n_digits; ++d) frame.starts[d * (positions + 1)] = 0;
    for (std::int64_t p = 0; p < positions; ++p) {
        const std::int32_t* here = levels + p * channels;
        const std::uint32_t column = one_tap<V>(w) ? 0 : static_cast<std::uint32_t>(p % w.window.width) * rows_of<V>(w);
        std::int64_t n_active = 0;
        for (std::int64_t c = 0; c < channels; ++c) {  // without a branch: levels are hard to predict
            frame.active[n_active] = static_cast<std::uint32_t>(c);
            n_active += here[c] != 0;
        }
        for (std::int32_t d = 0; d < w.n_digits; ++d) {
            const std::uint64_t* codes = w.digits[d].sign < 0 ? w.negative : w.positive;
            const std::int32_t bit = w.digits[d].level;
            std::int64_t* start = frame.starts + d * (positions + 1) + p;
            std::uint32_t* list = frame.events + d * size + start[0];
            std::int64_t n = 0;
            for (std::int64_t i = 0; i < n_active; ++i) {
                const std::uint32_t c = frame.active[i];
                list[n] = column + c * static_cast<std::uint32_t>(w.row_planes);
                n += static_cast<std::int64_t>((codes[here[c] - w.first_level] >> bit) & 1);
            }
            start[1] = start[0] + n;
        }
    }
}

struct EventList {
    const std::uint32_t* list;
    std::int64_t count;
};

// The events of one digit that a window sees. A window of one tap reads the source's own list.
template <class V>
inline EventList window_events(const Weights& w, std::int32_t d, Taps rows, Taps columns, std::int64_t top,
                               std::int64_t left, const NeuronFrame& frame) {
    const Window& window = w.window;
    const std::int64_t positions = window.height * window.width, size = positions * window.channels;
    const std::int64_t* starts = frame.starts + d * (positions + 1);
    const std::uint32_t* events = frame.events + d * size;
    const bool some = rows.first < rows.last && columns.first < columns.last;
    if (one_tap<V>(w)) {
        const std::int64_t p = some ? top * window.width + left : 0;
        return {events + starts[p], some ? starts[p + 1] - starts[p] : 0};
    }
    std::uint32_t* list = frame.lists + d * window.kernel_y * window.kernel_x * window.channels;
    std::int64_t n = 0;
    const std::int64_t together = window.dilation_x == 1 ? columns.last - columns.first : 1;  // taps that are neighbours
    for (std::int64_t ky = rows.first; some && ky < rows.last; ++ky)
        for (std::int64_t kx = columns.first; kx < columns.last; kx += together) {
            const std::int64_t x = left + kx * window.dilation_x;
            const std::int64_t p = (top + ky * window.dilation_y) * window.width + x;
            // From column to tap, modulo 2^32.
            const std::uint32_t offset = static_cast<std::uint32_t>(ky * window.kernel_x + kx - x) * rows_of<V>(w);
            const std::uint32_t* from = events + starts[p];
            const std::int64_t count = starts[p + together] - starts[p];
            for (std::int64_t i = 0; i < count; ++i) list[n + i] = from[i] + offset;
            n += count;
        }
    return {list, n};
}

// Adds lanes of a counter, each with `low`, to sums. BITS hold the counter's planes.
template <class V, int BITS>
inline void spread_as(const std::uint64_t* counter, int planes, std::int64_t lanes, std::uint64_t low, std::uint64_t* sums) {
    constexpr int group = word_bits / BITS;  // words per transposition
    constexpr std::uint64_t mask = ~std::uint64_t{0} >> (word_bits - BITS);
    for (int word = 0; word < V::words && word * word_bits < lanes; word += group) {
        const std::uint64_t* parts[group];
        int count = 0;
        for (; count < group && word + count < V::words && (word + count) * word_bits < lanes; ++count)
            parts[count] = counter + word + count;
        std::uint64_t fields[word_bits];
        lane_fields<V, BITS>(parts, count, planes, 0, fields);
        for (int n = 0; n < count; ++n) {
            std::uint64_t* out = sums + (word + n) * word_bits;
            const std::int64_t left = lanes - (word + n) * word_bits;
            const int valid = left < word_bits ? static_cast<int>(left) : word_bits;
            for (int s = 0; s < valid; ++s) out[s] += low + ((fields[s] >> (BITS * n)) & mask);
        }
    }
}

template <class V>
inline void spread(const std::uint64_t* counter, int planes, std::int64_t lanes, std::uint64_t low, std::uint64_t* sums) {
    if (planes <= 8) return spread_as<V, 8>(counter, planes, lanes, low, sums);
    if (planes <= 16) return spread_as<V, 16>(counter, planes, lanes, low, sums);
    if (planes <= 32) return spread_as<V, 32>(counter, planes, lanes, low, sums);
    return spread_as<V, 64>(counter, planes, lanes, low, sums);
}

template <class V>
inline void add_digits(RegOf<V>* counter, const Weights& w, const std::uint64_t* table, const EventList* events,
                       std::int32_t first, std::int32_t last) {
    for (std::int32_t d = first; d < last; ++d)
        for (std::int64_t j = 0; j < w.n_planes; ++j) {
            const RowPlane& plane = w.planes[j];
            const int level = w.digits[d].level + plane.level;
            if (level >= w.counter_planes) continue;  // a multiple of 2^planes
            const std::uint64_t* base = table + plane.plane * V::words;
            if (plane.width == 2)
                add_list<V, 2>(counter + level, w.counter_planes - level, base, events[d].list, events[d].count);
            else
                add_list<V, 1>(counter + level, w.counter_planes - level, base, events[d].list, events[d].count);
        }
}

// The sums of one window into `sums`, the target's first neuron of the window; `lanes` of them are wanted.
// Returns the plane operations spent.
template <class V>
inline std::int64_t sum_window(const Weights& w, const EventList* events, std::int64_t lanes, std::uint64_t* sums,
                               std::uint64_t* stored) {
    std::uint64_t moved = 0;  // gain times the sum of the levels seen: each weight is `lowest` above its planes
    std::int64_t work = 64;
    for (std::int32_t d = 0; d < w.n_digits; ++d) {
        const std::uint64_t part = static_cast<std::uint64_t>(events[d].count) << w.digits[d].level;
        moved += w.digits[d].sign < 0 ? ~part + 1 : part;
        work += events[d].count * w.row_planes;
    }
    const std::uint64_t low = static_cast<std::uint64_t>(w.low);
    const std::uint64_t start = low - static_cast<std::uint64_t>(w.lowest) * moved - 1;
    const std::int64_t taps = w.window.kernel_y * w.window.kernel_x;
    const std::int64_t chunk_words = taps * w.window.channels * w.row_planes * V::words;
    const int planes = w.counter_planes;
    for (std::int64_t chunk = 0, lane = 0; lane < lanes; ++chunk, lane += V::words * word_bits) {
        const std::uint64_t* table = w.table + chunk * chunk_words;
        RegOf<V> counter[counter_room];
        for (int k = 0; k < planes; ++k) counter[k] = V::fill((start >> k) & 1);
        for (int k = planes; k < planes + counter_slack; ++k) counter[k] = V::fill(false);
        add_digits<V>(counter, w, table, events, 0, w.first_positive);
        for (int k = 0; k < planes; ++k) counter[k] = V::not_(counter[k]);
        add_digits<V>(counter, w, table, events, w.first_positive, w.n_digits);
        for (int k = 0; k < planes; ++k) V::store(stored + k * V::words, counter[k]);
        const std::int64_t left = lanes - lane;
        spread<V>(stored, planes, left < V::words * word_bits ? left : V::words * word_bits, low, sums + lane);
    }
    return work * w.chunks;
}

// Adds a Dense or Conv2d projection to the sums of its target.
template <class V>
bool run_weights(const Weights& w, const std::int32_t* levels, const NeuronLayer& target, NeuronFrame& frame) {
    list_events<V>(w, levels, frame);
    const std::int64_t spent = w.window.height * w.window.width * w.window.channels * (w.n_digits + 1) / 8;
    if (stopped(frame.poll, spent)) return false;
    EventList events[2 * word_bits];
    for (std::int64_t y = 0; y < target.height; ++y) {
        const std::int64_t top = y * w.window.stride_y - w.window.pad_top;
        const Taps rows = taps_in_range(top, w.window.kernel_y, w.window.dilation_y, w.window.height);
        for (std::int64_t x = 0, step = 0; x < target.width; x += w.together, ++step) {
            const std::int64_t left = step * w.window.stride_x - w.window.pad_left;
            const Taps columns = taps_in_range(left, w.window.kernel_x, w.window.dilation_x, w.window.width);
            for (std::int32_t d = 0; d < w.n_digits; ++d)
                events[d] = window_events<V>(w, d, rows, columns, top, left, frame);
            const std::int64_t beside = target.width - x < w.together ? target.width - x : w.together;
            std::uint64_t* sums = frame.sums + (y * target.width + x) * target.channels + w.first_channel;
            const std::int64_t work = sum_window<V>(w, events, beside * w.outputs, sums, frame.planes);
            if (stopped(frame.poll, work)) return false;
        }
    }
    return true;
}

// Adds gain times the sum, maximum or minimum of every window, channel by channel.
template <class V>
inline bool run_moves(const Moves& m, const std::int32_t* levels, const NeuronLayer& target, NeuronFrame& frame) {
    const Window& w = m.window;
    const std::uint64_t gain = static_cast<std::uint64_t>(m.gain);
    for (std::int64_t y = 0; y < target.height; ++y)
        for (std::int64_t x = 0; x < target.width; ++x) {
            const std::int64_t top = y * w.stride_y - w.pad_top, left = x * w.stride_x - w.pad_left;
            const Taps rows = taps_in_range(top, w.kernel_y, w.dilation_y, w.height);
            const Taps columns = taps_in_range(left, w.kernel_x, w.dilation_x, w.width);
            if (rows.first == rows.last || columns.first == columns.last) continue;
            std::int64_t* values = frame.values;
            bool begun = false;
            for (std::int64_t ky = rows.first; ky < rows.last; ++ky)
                for (std::int64_t kx = columns.first; kx < columns.last; ++kx) {
                    const std::int64_t place = (top + ky * w.dilation_y) * w.width + left + kx * w.dilation_x;
                    const std::int32_t* seen = levels + place * w.channels;
                    if (!begun)
                        for (std::int64_t c = 0; c < w.channels; ++c) values[c] = seen[c];
                    else if (m.reduce == Reduce::sum)
                        for (std::int64_t c = 0; c < w.channels; ++c) values[c] += seen[c];
                    else
                        for (std::int64_t c = 0; c < w.channels; ++c)
                            values[c] = (m.minimum[c] != 0) == (seen[c] < values[c]) ? seen[c] : values[c];
                    begun = true;
                }
            std::uint64_t* sums = frame.sums + (y * target.width + x) * target.channels + m.first_channel;
            for (std::int64_t c = 0; c < w.channels; ++c) sums[c] += gain * static_cast<std::uint64_t>(values[c]);
            const std::int64_t taps = (rows.last - rows.first) * (columns.last - columns.first);
            if (stopped(frame.poll, (taps + 1) * w.channels / 8 + 1)) return false;
        }
    return true;
}

}  // namespace gxnor
