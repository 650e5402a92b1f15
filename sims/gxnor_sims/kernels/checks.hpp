// Checks and small sums shared by the parts of Program.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "ops.hpp"

namespace gxnor {

inline void require(bool good, const char* what) {
    if (!good) throw std::invalid_argument(std::string("program: ") + what);
}

constexpr std::int64_t max_positions = std::int64_t{1} << 28;

inline bool extent(std::int64_t value, std::int64_t least = 1) { return value >= least && value <= max_positions; }

inline std::int32_t bit_length(std::uint64_t value) {
    std::int32_t bits = 0;
    for (; value != 0; value >>= 1) ++bits;
    return bits;
}

constexpr std::int64_t max_lowest = std::int64_t{1} << 31;

// The first u whose level is not below zero.
inline std::int64_t nonnegative_from(const Slab& slab) {
    return slab.lowest >= 0 ? 0 : (-slab.lowest + slab.step - 1) / slab.step;
}

inline void check_window(const Window& w, const Slab& source, std::int64_t out_height, std::int64_t out_width) {
    require(extent(w.height) && extent(w.width) && extent(w.channels), "window: sizes out of range");
    require(w.height * w.width <= max_positions, "window: too many positions");
    require(w.height * w.width * w.channels == source.positions * source.channels, "window: does not match its source");
    require(extent(w.kernel_y) && extent(w.kernel_x) && w.kernel_y * w.kernel_x <= max_positions, "window: kernel out of range");
    require(extent(w.stride_y) && extent(w.stride_x), "window: stride out of range");
    require(extent(w.dilation_y) && extent(w.dilation_x), "window: dilation out of range");
    require(extent(w.pad_top, 0) && extent(w.pad_left, 0), "window: padding out of range");
    require(extent(out_height) && extent(out_width), "window: output size out of range");
}

inline Taps columns_of(const Window& w, std::int64_t out_x) {
    return taps_in_range(out_x * w.stride_x - w.pad_left, w.kernel_x, w.dilation_x, w.width);
}

inline Taps rows_of(const Window& w, std::int64_t out_y) {
    return taps_in_range(out_y * w.stride_y - w.pad_top, w.kernel_y, w.dilation_y, w.height);
}

}  // namespace gxnor
