// The program of the neurons form: owns the data of neuron_ops.hpp and is the only way to make it. Every index and
// size is checked here, once. All errors are std::invalid_argument.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "neuron_ops.hpp"
#include "program.hpp"
#include "storage.hpp"

namespace gxnor {

// A Dense or Conv2d projection as the caller describes it; see Weights.
struct WeightsSpec {
    std::int32_t source;
    Window window;
    std::int64_t together;
    std::int64_t first_channel, outputs;
    std::vector<std::uint64_t> positive, negative;  // [level - first_level]
    std::int64_t first_level;
    std::vector<std::uint64_t> table;
    std::int32_t words;
    std::vector<std::array<std::int32_t, 3>> planes;  // plane, level, width
    std::int64_t lowest;
    std::int64_t low;
    std::int32_t counter_planes;
};

struct MovesSpec {
    std::int32_t source;
    Window window;
    std::int64_t first_channel;
    std::int64_t gain;
    std::vector<std::uint8_t> minimum;  // empty: sums
};

struct LayerSpec {
    std::int64_t height, width, channels;
    bool readout;
    bool keeps_sums;
    std::int64_t lowest, highest;
    std::vector<std::int64_t> bounds;  // [k][channel]
    std::vector<std::uint8_t> inverted;
    std::vector<std::int64_t> rises;
};

// What one thread needs, in elements.
struct NeuronNeeds {
    std::int64_t levels = 0, sums = 1, values = 1, events = 1, starts = 1, lists = 1;
};

class NeuronProgram {
public:
    // `widths`: words of the vectors that tables may be laid out for.
    explicit NeuronProgram(std::vector<std::int32_t> widths) : widths_(std::move(widths)) {}

    // Each returns the layer's number.
    std::int32_t add_input(std::int64_t height, std::int64_t width, std::int64_t channels, const LimitsSpec& limits);
    std::int32_t add_layer(const LayerSpec& spec, const std::vector<WeightsSpec>& weights,
                           const std::vector<MovesSpec>& moves);
    // Rows of a layer's counts get the next free numbers, in order; the first one's is returned.
    std::int64_t add_rows(std::int32_t layer, std::int32_t magnitude_planes, const std::vector<RowSpec>& rows);

    // Nothing can be added once a view was taken.
    NeuronView view();
    const NeuronNeeds& needs() const { return needs_; }
    const NeuronLayer& layer(std::int32_t index) const;  // checks the index
    std::size_t n_layers() const { return layers_.size(); }
    const std::vector<std::int32_t>& inputs() const { return inputs_; }
    const std::vector<std::int32_t>& readouts() const { return readouts_; }
    std::int64_t n_rows() const { return n_rows_; }

private:
    void require_open() const;
    std::int32_t add(NeuronLayer layer);
    const NeuronLayer& source(std::int32_t index) const;
    Weights make_weights(const WeightsSpec& spec, const LayerSpec& layer);
    Moves make_moves(const MovesSpec& spec, const LayerSpec& layer);

    std::vector<std::int32_t> widths_;
    std::vector<NeuronLayer> layers_;
    std::vector<Limits> limits_;
    std::vector<std::int32_t> inputs_, readouts_;
    std::int64_t n_rows_ = 0;
    NeuronNeeds needs_;
    std::atomic<bool> sealed_{false};  // set by runs, which may be several at a time
    Storage storage_;
};

}  // namespace gxnor
