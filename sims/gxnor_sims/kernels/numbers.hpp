// Entries that are whole numbers: the eight binary planes of a pixel byte enter a counter together, two entries at a time,
// as an adder of words would take them. One list per plane would be far too short for trees.
#pragma once

#include <cstddef>
#include <cstdint>

#include "adders.hpp"
#include "ops.hpp"
#include "registers.hpp"

namespace gxnor {

template <class V, int PLANES>
inline void add_bytes_in_registers(RegOf<V>* counter, const std::uint64_t* base, const std::uint32_t* list, std::int64_t count) {
    Registers<V, PLANES> kept;
    kept.take(counter);
    const RegOf<V> none = V::fill(false);
    for (; count >= 2; count -= 2, list += 2)
        kept.template add_numbers<byte_planes>(base + std::size_t{list[0]} * V::words, base + std::size_t{list[1]} * V::words,
                                               none, none);
    if (count) kept.template add_number<byte_planes>(base + std::size_t{list[0]} * V::words, none);
    kept.give(counter);
}

// Adds the numbers named by `count` entries to a counter of `planes` planes and counter_slack more.
template <class V>
inline void add_bytes(RegOf<V>* counter, int planes, const std::uint64_t* base, const std::uint32_t* list, std::int64_t count) {
    switch ((planes + 1) / 2) {
        case 5: return add_bytes_in_registers<V, 10>(counter, base, list, count);
        case 6: return add_bytes_in_registers<V, 12>(counter, base, list, count);
        case 7: return add_bytes_in_registers<V, 14>(counter, base, list, count);
        case 8: return add_bytes_in_registers<V, 16>(counter, base, list, count);
        default:
            for (int j = 0; j < byte_planes && j < planes; ++j)
                add_list<V, 1>(counter + j, planes - j, base + j * V::words, list, count);
    }
}

// Adds entries of any width at plane `level` of a counter.
template <class V>
inline void add_at(RegOf<V>* counter, int planes, int level, int width, const std::uint64_t* base, const std::uint32_t* list,
                   std::int64_t count) {
    if (width == 2)
        add_list<V, 2>(counter + level, planes - level, base, list, count);
    else if (width == byte_planes)
        add_bytes<V>(counter + level, planes - level, base, list, count);
    else
        add_list<V, 1>(counter + level, planes - level, base, list, count);
}

}  // namespace gxnor
