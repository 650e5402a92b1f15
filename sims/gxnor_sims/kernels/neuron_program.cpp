#include "neuron_program.hpp"

#include <algorithm>
#include <limits>

#include "checks.hpp"

namespace gxnor {
namespace {

constexpr std::int64_t max_neurons = (std::int64_t{1} << 31) - 1;
constexpr std::int64_t max_level = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t max_digits = 128;  // two signs at each power of two

std::int64_t size_of(const NeuronLayer& layer) { return layer.height * layer.width * layer.channels; }

Slab slab_of(const NeuronLayer& layer) {
    return {0, layer.height * layer.width, layer.channels, layer.lowest, 1, 1, Form::binary};
}

// a * b, refused beyond `most`.
std::int64_t product(std::int64_t a, std::int64_t b, std::int64_t most, const char* what) {
    require(a >= 0 && b >= 0 && (b == 0 || a <= most / b), what);
    return a * b;
}

std::vector<Digit> digits_of(const WeightsSpec& spec) {
    std::uint64_t positive = 0, negative = 0;
    for (const std::uint64_t code : spec.positive) positive |= code;
    for (const std::uint64_t code : spec.negative) negative |= code;
    std::vector<Digit> digits;
    for (std::int32_t k = 0; k < 64; ++k)
        if ((negative >> k) & 1) digits.push_back({-1, k});
    for (std::int32_t k = 0; k < 64; ++k)
        if ((positive >> k) & 1) digits.push_back({1, k});
    return digits;
}

}  // namespace

const NeuronLayer& NeuronProgram::layer(std::int32_t index) const {
    require(index >= 0 && static_cast<std::size_t>(index) < layers_.size(), "no such layer");
    return layers_[static_cast<std::size_t>(index)];
}

const NeuronLayer& NeuronProgram::source(std::int32_t index) const {
    const NeuronLayer& found = layer(index);
    require(found.readout < 0, "a readout sends no levels");
    return found;
}

void NeuronProgram::require_open() const { require(!sealed_, "it runs already, nothing can be added"); }

std::int32_t NeuronProgram::add(NeuronLayer made) {
    made.first = needs_.levels;
    const std::int64_t size = size_of(made);
    require(needs_.levels <= (std::int64_t{1} << 40) - size, "layer: too many neurons in all");
    needs_.levels += size;
    needs_.sums = std::max(needs_.sums, size);
    needs_.values = std::max(needs_.values, made.channels);
    layers_.push_back(made);
    return static_cast<std::int32_t>(layers_.size() - 1);
}

std::int32_t NeuronProgram::add_input(std::int64_t height, std::int64_t width, std::int64_t channels,
                                      const LimitsSpec& limits) {
    require_open();
    require(extent(height) && extent(width) && extent(channels), "layer: sizes out of range");
    product(product(height, width, max_neurons, "layer: too many neurons"), channels, max_neurons, "layer: too many neurons");
    require(limits.low >= -max_level && limits.high <= max_level, "limits: levels beyond 32 bits");
    limits_.push_back(limits_of(limits, storage_));
    NeuronLayer made{};
    made.height = height;
    made.width = width;
    made.channels = channels;
    made.input = static_cast<std::int32_t>(inputs_.size());
    made.readout = -1;
    made.lowest = limits.low;
    made.highest = limits.high;
    inputs_.push_back(static_cast<std::int32_t>(layers_.size()));
    return add(made);
}

Weights NeuronProgram::make_weights(const WeightsSpec& spec, const LayerSpec& target) {
    const NeuronLayer& from = source(spec.source);
    require(spec.together >= 1 && spec.together <= target.width, "weights: columns together out of range");
    const std::int64_t steps = (target.width + spec.together - 1) / spec.together;
    check_window(spec.window, slab_of(from), target.height, steps);
    require(spec.first_channel >= 0 && spec.outputs >= 1 && spec.first_channel <= target.channels - spec.outputs,
            "weights: channels outside its target");
    require(spec.together == 1 || spec.outputs == target.channels, "weights: columns go together only with all channels");
    const std::int64_t codes = from.highest - from.lowest + 1;
    require(spec.first_level == from.lowest && spec.positive.size() == static_cast<std::size_t>(codes) &&
                spec.negative.size() == static_cast<std::size_t>(codes),
            "weights: needs the digits of every level of its source");
    require(spec.counter_planes >= 1 && spec.counter_planes <= max_counter_planes, "weights: counter planes out of range");
    require(std::find(widths_.begin(), widths_.end(), spec.words) != widths_.end(), "weights: no such width");

    Weights made{};
    made.source = spec.source;
    made.window = spec.window;
    made.together = spec.together;
    made.first_channel = spec.first_channel;
    made.outputs = spec.outputs;
    made.positive = storage_.keep(spec.positive);
    made.negative = storage_.keep(spec.negative);
    made.first_level = spec.first_level;
    std::vector<Digit> digits = digits_of(spec);
    require(digits.size() <= max_digits, "weights: too many digits");
    made.n_digits = static_cast<std::int32_t>(digits.size());
    made.first_positive = static_cast<std::int32_t>(
        std::count_if(digits.begin(), digits.end(), [](const Digit& digit) { return digit.sign < 0; }));
    made.digits = storage_.keep(std::move(digits));
    made.words = spec.words;
    std::vector<RowPlane> planes;
    for (const auto& plane : spec.planes) {
        require(plane[0] == made.row_planes && plane[1] >= 0 && plane[1] < 64 && (plane[2] == 1 || plane[2] == 2),
                "weights: planes out of order or out of range");
        planes.push_back({plane[0], plane[1], plane[2]});
        made.row_planes += plane[2];
    }
    made.n_planes = static_cast<std::int64_t>(planes.size());
    made.planes = storage_.keep(std::move(planes));
    const char* large = "weights: table too large";
    const std::int64_t taps = spec.window.kernel_y * spec.window.kernel_x;
    const std::int64_t rows = product(taps, spec.window.channels, max_neurons, large);
    const std::int64_t row_planes = product(rows, std::max(made.row_planes, 1), max_neurons, large);  // lists hold 32 bits
    made.chunks = (product(spec.together, spec.outputs, max_neurons, large) + 64 * spec.words - 1) / (64 * spec.words);
    const std::int64_t words = product(product(rows * made.row_planes, spec.words, max_neurons * 8, large), made.chunks,
                                       std::int64_t{1} << 40, large);
    require(row_planes > 0 && spec.table.size() == static_cast<std::size_t>(words), "weights: table has a wrong size");
    made.table = storage_.keep_aligned(spec.table);
    made.lowest = spec.lowest;
    made.low = spec.low;
    made.counter_planes = spec.counter_planes;
    const std::int64_t positions = spec.window.height * spec.window.width;
    needs_.values = std::max(needs_.values, spec.window.channels);
    needs_.events = std::max(needs_.events, made.n_digits * positions * spec.window.channels);
    needs_.starts = std::max(needs_.starts, made.n_digits * (positions + 1));
    needs_.lists = std::max(needs_.lists, made.n_digits * rows);
    return made;
}

Moves NeuronProgram::make_moves(const MovesSpec& spec, const LayerSpec& target) {
    const NeuronLayer& from = source(spec.source);
    check_window(spec.window, slab_of(from), target.height, target.width);
    require(spec.window.channels == from.channels, "moves: needs the channels of its source");
    require(spec.minimum.empty() || spec.minimum.size() == static_cast<std::size_t>(from.channels),
            "moves: needs one mode per channel");
    require(spec.first_channel >= 0 && spec.first_channel <= target.channels - from.channels,
            "moves: channels outside its target");
    needs_.values = std::max(needs_.values, from.channels);
    const Reduce reduce = spec.minimum.empty() ? Reduce::sum : Reduce::extreme;
    return {spec.source, spec.window, spec.first_channel, spec.gain, reduce, storage_.keep(spec.minimum)};
}

std::int32_t NeuronProgram::add_layer(const LayerSpec& spec, const std::vector<WeightsSpec>& weights,
                                      const std::vector<MovesSpec>& moves) {
    require_open();
    require(extent(spec.height) && extent(spec.width) && extent(spec.channels), "layer: sizes out of range");
    product(product(spec.height, spec.width, max_neurons, "layer: too many neurons"), spec.channels, max_neurons,
            "layer: too many neurons");
    require(spec.inverted.size() == static_cast<std::size_t>(spec.channels) &&
                spec.bounds.size() == spec.rises.size() * static_cast<std::size_t>(spec.channels),
            "layer: wrong number of thresholds");
    require(spec.readout || (spec.lowest >= -max_level && spec.highest <= max_level && spec.lowest <= spec.highest),
            "layer: levels out of range");
    std::int64_t top = spec.lowest;
    for (const std::int64_t rise : spec.rises) {
        require(rise >= 0 && rise <= spec.highest - top, "layer: thresholds lead beyond its levels");
        top += rise;
    }
    std::vector<Weights> made_weights;
    for (const WeightsSpec& part : weights) made_weights.push_back(make_weights(part, spec));
    std::vector<Moves> made_moves;
    for (const MovesSpec& part : moves) made_moves.push_back(make_moves(part, spec));
    NeuronLayer made{};
    made.height = spec.height;
    made.width = spec.width;
    made.channels = spec.channels;
    made.input = -1;
    made.readout = spec.readout ? static_cast<std::int32_t>(readouts_.size()) : -1;
    made.n_weights = static_cast<std::int64_t>(made_weights.size());
    made.weights = storage_.keep(std::move(made_weights));
    made.n_moves = static_cast<std::int64_t>(made_moves.size());
    made.moves = storage_.keep(std::move(made_moves));
    made.keeps_sums = spec.keeps_sums;
    made.lowest = spec.lowest;
    made.highest = spec.highest;
    made.n_thresholds = static_cast<std::int64_t>(spec.rises.size());
    made.bounds = storage_.keep(spec.bounds);
    made.inverted = storage_.keep(spec.inverted);
    made.rises = storage_.keep(spec.rises);
    if (spec.readout) readouts_.push_back(static_cast<std::int32_t>(layers_.size()));
    return add(made);
}

std::int64_t NeuronProgram::add_rows(std::int32_t index, std::int32_t magnitude_planes, const std::vector<RowSpec>& rows) {
    require_open();
    const std::int64_t size = size_of(source(index));
    require(layer(index).n_rows == 0, "count: the layer has its rows already");
    require(magnitude_planes >= 0 && magnitude_planes <= 31, "count: planes out of range");
    const std::int64_t first = n_rows_;
    std::vector<NeuronRow> made;
    for (const RowSpec& row : rows) {
        require(row.mask >= Mask::positive && row.mask <= Mask::ones, "count: unknown mask");
        require(row.factors.size() == static_cast<std::size_t>(size), "count: needs one factor per neuron");
        std::int64_t left = (std::int64_t{1} << 61) / 32;  // of what all neurons may count; a mask counts at most 31
        for (const std::int64_t factor : row.factors) {
            require(factor >= 0 && factor <= left, "count: factors out of range");
            left -= factor;
        }
        const std::int64_t one = row.factors.front();
        const bool same = std::all_of(row.factors.begin(), row.factors.end(), [one](std::int64_t f) { return f == one; });
        made.push_back({row.mask, same ? nullptr : storage_.keep(row.factors), one, n_rows_++});
    }
    NeuronLayer& own = layers_[static_cast<std::size_t>(index)];
    own.magnitude_planes = magnitude_planes;
    own.n_rows = static_cast<std::int64_t>(made.size());
    own.rows = storage_.keep(std::move(made));
    return first;
}

NeuronView NeuronProgram::view() {
    sealed_ = true;
    return {layers_.data(), static_cast<std::int64_t>(layers_.size()), limits_.data()};
}

}  // namespace gxnor
