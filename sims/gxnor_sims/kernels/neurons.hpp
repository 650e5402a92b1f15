// One sample after another through a whole graph, output neurons in the lanes.
#pragma once

#include <cstdint>

#include "limits.hpp"
#include "neuron_ops.hpp"
#include "neuron_sums.hpp"
#include "ops.hpp"

namespace gxnor {

// Position and channel change places: C order has positions innermost, layers here have channels.
template <class V, class From, class To>
inline void to_c_order(const From* levels, std::int64_t positions, std::int64_t channels, To* out) {
    if (positions == 1) {  // the usual case, a plain copy
        for (std::int64_t c = 0; c < channels; ++c) out[c] = static_cast<To>(levels[c]);
        return;
    }
    for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t p = 0; p < positions; ++p) out[c * positions + p] = static_cast<To>(levels[p * channels + c]);
}

// Reads `count` values, `stride` apart, once each and checks what it read, so that a caller who writes meanwhile can
// do no harm.
template <class V, class T>
inline bool read_run(const T* x, std::int64_t stride, std::int64_t count, const Limits& limits, std::int32_t* levels) {
    bool good = true;
    for (std::int64_t i = 0; i < count; ++i) {
        const T value = x[i * stride];
        const std::int64_t level = static_cast<std::int64_t>(value);  // beyond int64 it turns negative
        const bool beyond = sizeof(T) == 8 && static_cast<T>(-1) > T{0} && level < 0;
        good &= !beyond & (level >= limits.low) & (level <= limits.high);
        levels[i] = static_cast<std::int32_t>(level);
    }
    return good;
}

template <class V, class T>
inline bool read_as(const unsigned char* data, const NeuronLayer& layer, const Limits& limits, std::int32_t* levels) {
    const T* x = reinterpret_cast<const T*>(data);
    const std::int64_t positions = layer.height * layer.width;
    bool good = true;
    if (positions == 1)
        good = read_run<V>(x, 1, layer.channels, limits, levels);
    else
        for (std::int64_t p = 0; p < positions; ++p)
            good &= read_run<V>(x + p, positions, layer.channels, limits, levels + p * layer.channels);
    if (!good || limits.allowed == nullptr) return good;
    for (std::int64_t i = 0; i < positions * layer.channels; ++i) good &= limits.allowed[levels[i] - limits.low] != 0;
    return good;
}

template <class V>
inline bool read_input(const InputArray& input, std::int64_t sample, const NeuronLayer& layer, const Limits& limits,
                       std::int32_t* levels) {
    using Read = bool (*)(const unsigned char*, const NeuronLayer&, const Limits&, std::int32_t*);
    static constexpr Read table[] = {  // in the order of DType
        read_as<V, std::int8_t>,  read_as<V, std::uint8_t>,  read_as<V, std::int16_t>, read_as<V, std::uint16_t>,
        read_as<V, std::int32_t>, read_as<V, std::uint32_t>, read_as<V, std::int64_t>, read_as<V, std::uint64_t>,
    };
    return table[static_cast<int>(input.dtype)](input.data + sample * input.sample_bytes, layer, limits, levels);
}

// What the layer's sums make of its levels.
template <class V>
inline void emit_levels(const NeuronLayer& layer, const std::uint64_t* sums, std::int64_t* values, std::int32_t* levels) {
    const std::int64_t positions = layer.height * layer.width, channels = layer.channels;
    if (layer.keeps_sums) {
        for (std::int64_t i = 0; i < positions * channels; ++i) {
            // No sum leaves the range that was declared; if one did, readers would still stay inside their tables.
            const std::int64_t sum = static_cast<std::int64_t>(sums[i]);
            const std::int64_t above = sum < layer.lowest ? layer.lowest : sum;
            levels[i] = static_cast<std::int32_t>(above > layer.highest ? layer.highest : above);
        }
        return;
    }
    for (std::int64_t p = 0; p < positions; ++p) {
        for (std::int64_t c = 0; c < channels; ++c) values[c] = layer.lowest;
        for (std::int64_t k = 0; k < layer.n_thresholds; ++k) {
            const std::int64_t* bounds = layer.bounds + k * channels;
            const std::int64_t rise = layer.rises[k];
            for (std::int64_t c = 0; c < channels; ++c) {
                const bool reached = (static_cast<std::int64_t>(sums[p * channels + c]) >= bounds[c]) != (layer.inverted[c] != 0);
                values[c] += reached ? rise : 0;
            }
        }
        for (std::int64_t c = 0; c < channels; ++c) levels[p * channels + c] = static_cast<std::int32_t>(values[c]);
    }
}

// What a neuron adds to a row's mask.
template <class V, Mask MASK>
inline std::int64_t mask_of(std::int32_t level, std::int32_t planes) {
    if constexpr (MASK == Mask::positive) return level > 0;
    if constexpr (MASK == Mask::negative) return level < 0;
    if constexpr (MASK == Mask::nonzero) return level != 0;
    const std::int32_t magnitude = level < 0 ? -level : level;
    std::int64_t ones = 0;
    for (std::int32_t k = 0; k < planes; ++k) ones += (magnitude >> k) & 1;
    return ones;
}

template <class V, Mask MASK>
inline std::int64_t row_as(const NeuronRow& row, const std::int32_t* levels, std::int64_t size, std::int32_t planes) {
    std::int64_t total = 0;
    if (row.factors == nullptr) {
        for (std::int64_t i = 0; i < size; ++i) total += mask_of<V, MASK>(levels[i], planes);
        return total * row.factor;
    }
    for (std::int64_t i = 0; i < size; ++i) total += row.factors[i] * mask_of<V, MASK>(levels[i], planes);
    return total;
}

template <class V>
inline void count_rows(const NeuronLayer& layer, const std::int32_t* levels, std::int64_t samples, std::int64_t sample,
                       std::int64_t* out) {
    using Count = std::int64_t (*)(const NeuronRow&, const std::int32_t*, std::int64_t, std::int32_t);
    static constexpr Count table[] = {  // in the order of Mask
        row_as<V, Mask::positive>, row_as<V, Mask::negative>, row_as<V, Mask::nonzero>, row_as<V, Mask::ones>};
    const std::int64_t size = layer.height * layer.width * layer.channels;
    for (std::int64_t r = 0; r < layer.n_rows; ++r) {
        const NeuronRow& row = layer.rows[r];
        out[row.out * samples + sample] = table[static_cast<int>(row.mask)](row, levels, size, layer.magnitude_planes);
    }
}

// Weights of each width in the vector that their table was laid out for.
template <class Wide, class Half, class Quarter>
inline bool run_any_weights(const Weights& w, const std::int32_t* levels, const NeuronLayer& target, NeuronFrame& frame) {
    if (w.words == Quarter::words) return run_weights<Quarter>(w, levels, target, frame);
    if (w.words == Half::words) return run_weights<Half>(w, levels, target, frame);
    return run_weights<Wide>(w, levels, target, frame);
}

template <class Wide, class Half, class Quarter>
inline bool run_layer(const NeuronView& program, const Arrays& arrays, std::int64_t index, std::int64_t sample,
                      NeuronFrame& frame) {
    const NeuronLayer& layer = program.layers[index];
    const std::int64_t positions = layer.height * layer.width, size = positions * layer.channels;
    std::int32_t* levels = frame.levels + layer.first;
    if (layer.input >= 0) {
        if (!read_input<Wide>(arrays.inputs[layer.input], sample, layer, program.limits[layer.input], levels)) {
            frame.bad_level = true;
            return false;
        }
    } else {
        for (std::int64_t i = 0; i < size; ++i) frame.sums[i] = 0;
        for (std::int64_t i = 0; i < layer.n_weights; ++i) {
            const std::int32_t* source = frame.levels + program.layers[layer.weights[i].source].first;
            if (!run_any_weights<Wide, Half, Quarter>(layer.weights[i], source, layer, frame)) return false;
        }
        for (std::int64_t i = 0; i < layer.n_moves; ++i) {
            const std::int32_t* source = frame.levels + program.layers[layer.moves[i].source].first;
            if (!run_moves<Wide>(layer.moves[i], source, layer, frame)) return false;
        }
        if (layer.readout >= 0) {
            to_c_order<Wide>(frame.sums, positions, layer.channels, arrays.readouts[layer.readout] + sample * size);
            return true;
        }
        emit_levels<Wide>(layer, frame.sums, frame.values, levels);
    }
    if (arrays.records[index]) to_c_order<Wide>(levels, positions, layer.channels, arrays.records[index] + sample * size);
    if (arrays.tallies) count_rows<Wide>(layer, levels, arrays.samples, sample, arrays.tallies);
    return !stopped(frame.poll, size / 8 + 1);
}

// Runs samples first .. first+count-1. Returns false if it was stopped or a level is not admissible.
template <class Wide, class Half, class Quarter>
bool run_neuron_block(const NeuronView& program, const Arrays& arrays, NeuronFrame& frame, std::int64_t first, int count) {
    for (std::int64_t sample = first; sample < first + count; ++sample)
        for (std::int64_t index = 0; index < program.n_layers; ++index)
            if (!run_layer<Wide, Half, Quarter>(program, arrays, index, sample, frame)) return false;
    return true;
}

}  // namespace gxnor
