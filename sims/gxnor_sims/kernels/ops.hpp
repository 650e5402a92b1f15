// Plain data that the kernels read: slabs of bit planes, and the steps of a program.
//
// No member functions and no standard containers here: the kernel files are compiled for different
// instruction sets, and an inline function shared between them could be linked in its wrong version.
#pragma once

#include <cstdint>

namespace gxnor {

constexpr int most_number_planes = 8;
constexpr int pack_tiles = 4;  // of 64 neurons each, packed together

// How the planes b_0, b_1, ... of a neuron make its level: lowest + step * u, where
// u = sum_j 2^j b_j (binary) or u = b_0 + b_1 with b_0 >= b_1 (thermometer).
enum class Form : std::int32_t { binary = 0, thermometer = 1 };

// The bit planes of one population: neuron (position, channel) has `planes` consecutive planes, one bit
// per sample (lane). Channels are innermost, so that a convolution window is a few contiguous runs.
struct Slab {
    std::int64_t first;  // first plane in the arena
    std::int64_t positions;
    std::int64_t channels;
    std::int64_t lowest;
    std::int64_t step;
    std::int32_t planes;
    Form form;
};

// A window that slides over a (height, width, channels) slab.
struct Window {
    std::int64_t height, width, channels;
    std::int64_t kernel_y, kernel_x;
    std::int64_t stride_y, stride_x;
    std::int64_t pad_top, pad_left;
    std::int64_t dilation_y, dilation_x;
};

// Kernel taps first..last-1 that lie inside the input.
struct Taps {
    std::int64_t first, last;
};

static inline Taps taps_in_range(std::int64_t start, std::int64_t kernel, std::int64_t dilation, std::int64_t size) {
    const std::int64_t first = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
    const std::int64_t fit = start >= size ? 0 : (size - 1 - start) / dilation + 1;
    const std::int64_t last = fit < kernel ? fit : kernel;
    return first < last ? Taps{first, last} : Taps{0, 0};
}

// What one projection adds to a population: for every group (a set of synapses of one output channel that
// share sign and power of two) the list of source planes, ordered by kernel tap.
struct Term {
    std::int32_t source;
    Window window;
    const std::uint32_t* entries;        // first plane of the source neuron, relative to tap (0, 0), modulo 2^32
    const std::int64_t* runs;            // [group][tap] start in entries; one end mark
    const std::uint64_t* tap_constants;  // [channel][tap] sum of coefficient * lowest, modulo 2^64
    std::int64_t first_channel, last_channel;
};

// One pass over the entries of a group: adds plane `plane` at counter plane `level`; with width 2 the next plane at the
// same level; with a larger width all planes of a binary number, each a level higher.
struct Segment {
    std::int64_t group;
    std::int32_t term;
    std::int32_t plane;
    std::int32_t level;
    std::int32_t width;
};

// A list of entries that is added in one go: `count` of them from `first` on, each naming the plane it adds to counter plane
// `level` (and the one after it if width is 2).
struct Piece {
    std::int64_t first;
    std::int32_t count;
    std::int32_t term;
    std::int32_t plane;
    std::int16_t level;
    std::int16_t width;
};

// A sum cut into chunks: what a chunk reads fits the first cache and is used by a block of channels before the next chunk
// comes. Entries lie in the order in which they are used: [pattern][block][chunk][channel][half]. A pattern is a set of
// output places that have the same valid taps. Even chunks take what is negative as their first half, odd chunks as their
// second: a counter is complemented once per chunk.
struct Chunks {
    std::int64_t count;               // 0: not cut
    std::int64_t channel_block;
    std::int32_t kept_planes;         // of each counter, at least those of the sum
    std::int32_t plain_width;         // of all pieces, where all go to plane 0; else 0
    const std::int32_t* pattern;      // [place]
    const std::int64_t* piece_start;  // [pattern]
    const std::uint16_t* pieces_in;   // [pattern][block][chunk][channel][half]
    const Piece* pieces;
    const std::uint32_t* entries;
};

// Input sums of one population, and what becomes of them.
struct SumOp {
    std::int32_t target;
    std::int32_t counter_planes;
    std::int64_t out_height, out_width, channels;
    const Term* terms;
    std::int64_t n_terms;
    const Segment* segments;
    const std::int64_t* segment_start;   // [channel], and one end mark
    const std::int64_t* positive_start;  // [channel]: segments before it have negative sign
    const std::int64_t* lows;            // [channel]: the counter ends as sum - low
    const std::int64_t* tiles;           // pairs of output columns (begin, end) that share their valid taps
    std::int64_t n_tiles;
    Chunks chunks;
    bool keeps_sums;                     // the counter itself is the result (sum relays, readouts)
    std::int64_t n_thresholds;
    const std::uint64_t* thresholds;     // [channel][k], relative to low, the easiest first
    const std::uint8_t* inverted;        // [channel]: reached means sum < threshold
    const std::uint64_t* rises;          // [k]: what threshold k adds to u
};

// Maximum or minimum over a window, per channel.
struct PoolOp {
    std::int32_t source, target;
    Window window;
    std::int64_t out_height, out_width;
    std::int64_t first_channel;   // in the target
    const std::uint8_t* minimum;  // [channel]
};

enum class Mask : std::int32_t { positive = 0, negative = 1, nonzero = 2, ones = 3 };

// One count per sample: sum over neurons of factor * mask. The factors are split into bits: lists[bit][chunk]
// holds the neurons of a chunk whose factor has that bit.
struct TallyRow {
    Mask mask;
    std::int32_t bits;
    std::int32_t counter_planes;
    const std::uint32_t* entries;
    const std::int64_t* runs;  // [bit][chunk], and one end mark
    std::int64_t factor;       // common factor taken out of all
    std::int64_t out;          // row of the result
    // Where every mask is a plane of the slab, or what is left of one: base + sum over plus - sum over minus.
    std::int32_t plus, minus;  // planes; -1: none
    std::int64_t base;
};

constexpr int fixed_masks = 3;  // positive, negative, nonzero; the planes of |level| follow
constexpr std::int64_t tally_chunk = 128;  // neurons whose masks are held at once: they stay in the first cache
constexpr std::int64_t direct_chunk = 512;  // neurons whose planes are read by one row after the other
constexpr int counter_slack = 8;           // planes that the adder tree may touch beyond a counter's own
constexpr int max_counter_planes = 62;
constexpr int counter_room = max_counter_planes + counter_slack;

// All counts of one population.
struct TallyOp {
    std::int32_t slab;
    std::int64_t positive_from;     // the level is above zero from this u on
    std::int64_t nonnegative_from;  // the level is not below zero from this u on
    std::int32_t magnitude_planes;  // planes of |level| that are needed; 0 where none are
    bool direct;                    // rows read the slab's planes themselves
    const TallyRow* rows;
    std::int64_t n_rows;
};

// What a slab made for counting holds of another's levels: all of lowest + step * u (which the caller chooses so
// that it is not negative), its magnitude, or what is above zero.
enum class Part : std::int32_t { plain = 0, magnitude = 1, positive = 2 };

// Writes binary planes of a part of the source's levels to the target.
struct PartOp {
    std::int32_t source, target;
    std::int64_t lowest, step;      // of the value; may differ from the slab's own
    std::int64_t nonnegative_from;  // the source's level is not below zero from this u on
    Part part;
};

// Which neurons of one population an open gate reached (full counts). A term's entries name the sources of one
// weight plane's nonzero weights; its source slab holds, plane by plane, where a level's plane is not zero.
struct ReachedOp {
    std::int64_t out_height, out_width, channels;
    const Term* terms;
    std::int64_t n_terms;
    const std::int64_t* weight_planes;   // [term]
    const std::int64_t* work;            // [channel] entries of all terms, times planes
    const std::int32_t* counter_planes;  // [term], and one for the neurons
    const std::uint32_t* all;            // 0, 1, .. tally_chunk - 1: a list of everything
    std::int64_t out;                    // first row of the result: one per term, then one for the neurons
};

enum class StepKind : std::int32_t { pack, sum, pool, done, readout, part, reached };

// A step acts on `index`: the input (pack), the operation (sum, pool, part, reached), the slab that is complete
// (done: it may be recorded and counted) or the readout.
struct Step {
    StepKind kind;
    std::int32_t index;
};

// Admissible levels of an input: low..high, and of those only the marked ones where there is a list.
struct Limits {
    std::int64_t low, high;
    const std::uint8_t* allowed;  // [level - low], or null
};

struct ProgramView {
    const Slab* slabs;
    const Step* steps;
    std::int64_t n_steps;
    const std::int32_t* inputs;    // slab per input
    const SumOp* sums;
    const PoolOp* pools;
    const TallyOp* tallies;        // [slab]
    const std::int32_t* readouts;  // slab per readout
    const PartOp* parts;
    const ReachedOp* reached;
    const Limits* limits;          // per input
};

enum class DType : std::int32_t { i8, u8, i16, u16, i32, u32, i64, u64 };

struct InputArray {
    const unsigned char* data;
    std::int64_t sample_bytes;  // from one sample to the next; inside a sample the array is contiguous
    DType dtype;
};

// Arrays of one run. Results are (samples, neurons) in C order; tallies are (rows, samples).
struct Arrays {
    const InputArray* inputs;
    std::int64_t* const* readouts;
    std::int16_t* const* records;  // [slab], null where not recorded
    std::int64_t* tallies;         // null: do not count
    std::int64_t samples;
};

// Asks now and then whether to stop. `budget` counts plane operations down.
struct Poll {
    bool (*check)(Poll*);
    std::int64_t budget;
};

constexpr std::int64_t poll_budget = 1 << 20;

static inline bool stopped(Poll* poll, std::int64_t work) {
    poll->budget -= work;
    if (poll->budget > 0) return false;
    poll->budget = poll_budget;
    return poll->check(poll);
}

// One segment, ready for a tile of output columns.
struct Reading {
    const std::uint64_t* base;
    const std::uint32_t* list;
    std::int64_t count;
    std::int64_t advance;  // words from one output column to the next
    std::int32_t level;
    std::int32_t width;
};

// Where one term reads for a tile of output positions that share their valid taps.
struct Reach {
    Taps y, x;
    const std::uint64_t* base;  // neuron under the first valid tap, channel 0
    std::int64_t advance;       // words from one output column to the next
    std::uint32_t skip;         // offset of the first valid tap, which the entries must lose
    bool whole;                 // every tap is valid
};

// Working memory of one thread.
struct Frame {
    std::uint64_t* arena;
    std::uint64_t* masks;     // tally_chunk neurons
    std::uint64_t* counters;  // counter_room planes per tally row
    std::uint64_t* sums;      // counters of a block of channels
    std::uint64_t* lines;     // planes of pack_tiles * 64 neurons on their way in
    std::uint32_t* lists;
    Reading* readings;
    Reach* reaches;         // per term
    std::int64_t* waiting;  // per row of a ReachedOp: planes in `masks` that are not in the counter yet
    Poll* poll;
    bool bad_level;  // an input held a level that is not admissible
};

}  // namespace gxnor
