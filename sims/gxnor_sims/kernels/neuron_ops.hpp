// Plain data of the neurons form: one sample at a time, output neurons in the lanes of a vector.
//
// Levels are integers here, a population's neurons in the order (position, channel). What is weighted is added as
// bit planes over output neurons, one row of planes per source neuron that is not silent; all the rest is plain
// integer loops. Sums are kept modulo 2^64, and no true sum leaves 62 bits.
//
// As in ops.hpp: no member functions and no standard containers.
#pragma once

#include <cstdint>

#include "ops.hpp"

namespace gxnor {

// A level times the gain is a sum of sign * 2^level over its digits.
struct Digit {
    std::int32_t sign;
    std::int32_t level;
};

// Planes plane and, for width 2, plane + 1 of a row enter the counter at `level`.
struct RowPlane {
    std::int32_t plane;
    std::int32_t level;
    std::int32_t width;
};

// A Dense or Conv2d projection. Weights are lowest + sum_j 2^level_j plane_j; the lanes of one sum are
// `together` output columns of `outputs` channels each.
struct Weights {
    std::int32_t source;                // layer
    Window window;                      // slides by `together` columns at a time
    std::int64_t together;
    std::int64_t first_channel, outputs;  // in the target
    const std::uint64_t* positive;      // [level - first_level]: bit k for a digit +2^k
    const std::uint64_t* negative;      // likewise for -2^k
    std::int64_t first_level;
    const Digit* digits;                // those of negative sign first
    std::int32_t n_digits, first_positive;
    const std::uint64_t* table;         // [chunk][tap][channel][plane][words]
    std::int32_t words;                 // of a vector
    std::int32_t row_planes;
    std::int64_t chunks;                // vectors that hold all lanes
    const RowPlane* planes;
    std::int64_t n_planes;
    std::int64_t lowest;
    std::int64_t low;                   // no sum of this projection is below
    std::int32_t counter_planes;        // bits of sum - low
};

enum class Reduce : std::int32_t { sum = 0, extreme = 1 };

// Identity or Pool2d: gain times the sum, maximum or minimum over a window, channel by channel.
struct Moves {
    std::int32_t source;
    Window window;
    std::int64_t first_channel;
    std::int64_t gain;
    Reduce reduce;
    const std::uint8_t* minimum;  // [channel]
};

// One count per sample: sum over neurons of factor * mask of the level; as TallyRow.
struct NeuronRow {
    Mask mask;
    const std::int64_t* factors;  // null where all are `factor`
    std::int64_t factor;
    std::int64_t out;
};

struct NeuronLayer {
    std::int64_t first;  // of its levels
    std::int64_t height, width, channels;
    std::int32_t input;    // its number, or -1
    std::int32_t readout;  // its number, or -1
    const Weights* weights;
    std::int64_t n_weights;
    const Moves* moves;
    std::int64_t n_moves;
    bool keeps_sums;  // the sum is the level
    std::int64_t lowest, highest;  // level
    std::int64_t n_thresholds;
    const std::int64_t* bounds;    // [k][channel]: reached where sum >= bound, or where not if inverted
    const std::uint8_t* inverted;  // [channel]
    const std::int64_t* rises;     // [k]: what a reached threshold adds to the level
    std::int32_t magnitude_planes;
    const NeuronRow* rows;
    std::int64_t n_rows;
};

struct NeuronView {
    const NeuronLayer* layers;
    std::int64_t n_layers;
    const Limits* limits;  // [input]
};

// Working memory of one thread.
struct NeuronFrame {
    std::int32_t* levels;    // of all layers
    std::uint64_t* sums;     // of one layer
    std::int64_t* values;    // one per channel
    std::uint32_t* active;   // channels that are not silent at one position
    std::uint32_t* events;   // [digit][at most one per source neuron]
    std::int64_t* starts;    // [digit][position + 1]
    std::uint32_t* lists;    // [digit]: events of one window
    std::uint64_t* planes;   // a counter's
    Poll* poll;
    bool bad_level;
};

}  // namespace gxnor
