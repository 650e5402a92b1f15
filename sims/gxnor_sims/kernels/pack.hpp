// Between arrays of levels and bit planes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops.hpp"

namespace gxnor {

constexpr int word_bits = 64;

// Transposes a 64 x 64 bit matrix in place: bit j of row i becomes bit i of row j. Blocks of HALF x HALF bits off
// the diagonal change places, then the same inside each block.
template <class V, int HALF = word_bits / 2>
inline void transpose(std::uint64_t* rows) {
    constexpr std::uint64_t mask = ~std::uint64_t{0} / ((std::uint64_t{1} << HALF) + 1);  // the low half of each block
    for (int block = 0; block < word_bits; block += 2 * HALF)
        for (int i = block; i < block + HALF; ++i) {
            const std::uint64_t swap = ((rows[i] >> HALF) ^ rows[i + HALF]) & mask;
            rows[i] ^= swap << HALF;
            rows[i + HALF] ^= swap;
        }
    if constexpr (HALF > 1) transpose<V, HALF / 2>(rows);
}

// Byte `byte` of the plane code of `count` levels: bit j of a code is the neuron's plane j.
template <class V, class T>
inline void encode(const T* levels, std::int64_t count, const Slab& slab, int byte, std::uint8_t* codes) {
    if (slab.step == 1 && slab.planes <= 8) {  // the usual case, in byte arithmetic
        const std::uint8_t lowest = static_cast<std::uint8_t>(slab.lowest);
        const bool thermometer = slab.form == Form::thermometer;
        for (std::int64_t i = 0; i < count; ++i) {
            const std::uint8_t u = static_cast<std::uint8_t>(static_cast<std::uint8_t>(levels[i]) - lowest);
            codes[i] = static_cast<std::uint8_t>(thermometer ? u | (u >> 1) : u);
        }
        return;
    }
    for (std::int64_t i = 0; i < count; ++i) {
        const std::uint64_t above = static_cast<std::uint64_t>(levels[i]) - static_cast<std::uint64_t>(slab.lowest);
        const std::uint64_t u = above / static_cast<std::uint64_t>(slab.step);
        const std::uint64_t code = slab.form == Form::thermometer ? u | (u >> 1) : u;
        codes[i] = static_cast<std::uint8_t>(code >> (8 * byte));
    }
}

// First plane, in words, of `count` neurons that follow each other in C order, where positions are innermost.
template <class V>
inline void places_of(const Slab& slab, std::int64_t flat, std::int64_t count, std::int64_t* places) {
    std::int64_t channel = flat / slab.positions, position = flat % slab.positions;
    for (std::int64_t i = 0; i < count; ++i) {
        places[i] = (position * slab.channels + channel) * slab.planes * V::words;
        if (++position == slab.positions) {
            position = 0;
            ++channel;
        }
    }
}

template <class V>
inline int samples_in(int lanes, int word) {
    const int left = lanes - word * word_bits;
    return left < 0 ? 0 : left < word_bits ? left : word_bits;
}

// Byte `byte` of the codes of up to 64 samples x pack_tiles * 64 neurons (in C order from `flat`). Samples often lie a power
// of two apart, where they share few sets of the caches: so each is read far along at once, the next few being asked for.
template <class V, class T>
inline void encode_tiles(const InputArray& input, const Slab& slab, std::int64_t sample, int samples, std::int64_t flat,
                         int neurons, int byte, std::uint8_t (*codes)[word_bits][word_bits]) {
    constexpr int ahead = 4, line = 64 / sizeof(T);
    for (int s = 0; s < samples; ++s) {
        const T* row = reinterpret_cast<const T*>(input.data + (sample + s) * input.sample_bytes) + flat;
        if (s + ahead < samples)
            for (int i = 0; i < neurons; i += line) V::prefetch(reinterpret_cast<const T*>(
                reinterpret_cast<const unsigned char*>(row) + ahead * input.sample_bytes) + i);
        for (int tile = 0; tile * word_bits < neurons; ++tile) {
            const int left = neurons - tile * word_bits;
            encode<V>(row + tile * word_bits, left < word_bits ? left : word_bits, slab, byte, codes[tile][s]);
        }
    }
}

// Packs these samples and neurons into one word of each of their planes: word `word` of lines[tile][plane][neuron].
template <class V, class T>
inline void pack_word(const InputArray& input, const Slab& slab, std::int64_t sample, int samples, std::int64_t flat,
                      int neurons, int word, std::uint64_t* lines) {
    alignas(64) std::uint8_t codes[pack_tiles][word_bits][word_bits] = {};
    for (int byte = 0; 8 * byte < slab.planes; ++byte) {
        encode_tiles<V, T>(input, slab, sample, samples, flat, neurons, byte, codes);
        for (int tile = 0; tile * word_bits < neurons; ++tile)
            for (int j = 8 * byte; j < slab.planes && j < 8 * byte + 8; ++j) {
                std::uint64_t rows[word_bits];
                for (int s = 0; s < word_bits; ++s) rows[s] = V::gather(codes[tile][s], j - 8 * byte);
                transpose<V>(rows);
                std::uint64_t* line = lines + (tile * slab.planes + j) * word_bits * V::words + word;
                for (int i = 0; i < word_bits; ++i) line[i * V::words] = rows[i];
            }
    }
}

template <class V, class T>
inline bool pack_as(const InputArray& input, const Slab& slab, std::int64_t first, int lanes, Frame& frame) {
    constexpr int width = pack_tiles * word_bits;
    std::uint64_t* planes = frame.arena + slab.first * V::words;
    const std::int64_t size = slab.positions * slab.channels;
    std::int64_t places[width];
    for (std::int64_t flat = 0; flat < size; flat += width) {
        const int neurons = static_cast<int>(size - flat < width ? size - flat : width);
        places_of<V>(slab, flat, neurons, places);
        for (int word = 0; word < V::words; ++word)
            pack_word<V, T>(input, slab, first + word * word_bits, samples_in<V>(lanes, word), flat, neurons, word, frame.lines);
        // Whole lines at once: the places of an image, too, share few sets.
        for (int i = 0; i < neurons; ++i)
            for (int j = 0; j < slab.planes; ++j) {
                const int line = (i / word_bits * slab.planes + j) * word_bits + i % word_bits;
                V::store(planes + places[i] + j * V::words, V::load(frame.lines + line * V::words));
            }
        if (stopped(frame.poll, width * slab.planes * V::words)) return false;
    }
    return true;
}

template <class V>
inline bool run_pack(const ProgramView& program, const Arrays& arrays, std::int32_t input, std::int64_t first, int lanes,
                     Frame& frame) {
    using Pack = bool (*)(const InputArray&, const Slab&, std::int64_t, int, Frame&);
    static constexpr Pack table[] = {  // in the order of DType
        pack_as<V, std::int8_t>,  pack_as<V, std::uint8_t>,  pack_as<V, std::int16_t>, pack_as<V, std::uint16_t>,
        pack_as<V, std::int32_t>, pack_as<V, std::uint32_t>, pack_as<V, std::int64_t>, pack_as<V, std::uint64_t>,
    };
    const InputArray& array = arrays.inputs[input];
    return table[static_cast<int>(array.dtype)](array, program.slabs[program.inputs[input]], first, lanes, frame);
}

// The codes of 64 lanes, for as many neurons as fit one transposition: neuron n is in bits n * BITS of a field.
template <class V, int BITS>
inline void lane_fields(const std::uint64_t* const* neurons, int count, int planes, int word, std::uint64_t* fields) {
    for (int row = 0; row < word_bits; ++row) fields[row] = 0;
    for (int n = 0; n < count; ++n)
        for (int j = 0; j < planes; ++j) fields[n * BITS + j] = neurons[n][j * V::words + word];
    transpose<V>(fields);
}

// Writes a slab's levels to an array (samples, neurons) in C order; codes have at most BITS bits.
template <class V, class T, int BITS>
inline bool unpack_as(const Slab& slab, std::int64_t first, int lanes, T* out, Frame& frame) {
    constexpr int group = word_bits / BITS, tile = 64;  // neurons per transposition, and per line of the result
    constexpr std::uint64_t mask = ~std::uint64_t{0} >> (word_bits - BITS);
    const std::uint64_t lowest = static_cast<std::uint64_t>(slab.lowest), step = static_cast<std::uint64_t>(slab.step);
    const std::uint64_t upper = slab.form == Form::thermometer ? 1 : 0;  // a set upper plane counts 1, not 2
    const std::int64_t size = slab.positions * slab.channels;
    std::int64_t places[tile];
    const std::uint64_t* neurons[tile];
    std::uint64_t fields[tile / group][word_bits] = {};
    std::uint64_t values[tile];
    for (std::int64_t flat = 0; flat < size; flat += tile) {
        const int count = static_cast<int>(size - flat < tile ? size - flat : tile);
        places_of<V>(slab, flat, count, places);
        for (int i = 0; i < count; ++i) neurons[i] = frame.arena + slab.first * V::words + places[i];
        for (int word = 0; word * word_bits < lanes; ++word) {
            for (int i = 0; i < count; i += group)
                lane_fields<V, BITS>(neurons + i, count - i < group ? count - i : group, slab.planes, word, fields[i / group]);
            const int samples = lanes - word * word_bits < word_bits ? lanes - word * word_bits : word_bits;
            for (int s = 0; s < samples; ++s) {
                for (int g = 0; g < tile / group; ++g)
                    for (int k = 0; k < group; ++k) {
                        const std::uint64_t code = (fields[g][s] >> (BITS * k)) & mask;
                        values[g * group + k] = lowest + step * (code - ((code >> 1) & upper));
                    }
                T* row = out + (first + word * word_bits + s) * size + flat;
                for (int i = 0; i < count; ++i) row[i] = static_cast<T>(static_cast<std::int64_t>(values[i]));
            }
            // Each row may be the first in its huge page, which the system then clears: far more work than the levels.
            if (stopped(frame.poll, poll_budget / 4)) return false;
        }
    }
    return true;
}

template <class V, class T>
inline bool run_unpack(const Slab& slab, std::int64_t first, int lanes, T* out, Frame& frame) {
    if (slab.planes <= 8) return unpack_as<V, T, 8>(slab, first, lanes, out, frame);
    if (slab.planes <= 16) return unpack_as<V, T, 16>(slab, first, lanes, out, frame);
    if (slab.planes <= 32) return unpack_as<V, T, 32>(slab, first, lanes, out, frame);
    return unpack_as<V, T, 64>(slab, first, lanes, out, frame);
}

}  // namespace gxnor
