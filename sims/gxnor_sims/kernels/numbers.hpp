// Entries that are whole numbers: the binary planes of a pixel byte, or of a sum, enter a counter together, two entries at a
// time, as an adder of words would take them. Pays where lists are too short for trees, plane by plane.
#pragma once

#include <cstddef>
#include <cstdint>

#include "adders.hpp"
#include "ops.hpp"
#include "registers.hpp"

namespace gxnor {

template <class V, int N, int PLANES>
inline void numbers_in_registers(RegOf<V>* counter, const std::uint64_t* base, const std::uint32_t* list, std::int64_t count) {
    Registers<V, PLANES> kept;
    kept.take(counter);
    const RegOf<V> none = V::fill(false);
    for (; count >= 2; count -= 2, list += 2)
        kept.template add_numbers<N>(base + std::size_t{list[0]} * V::words, base + std::size_t{list[1]} * V::words, none, none);
    if (count) kept.template add_number<N>(base + std::size_t{list[0]} * V::words, none);
    kept.give(counter);
}

// Adds the numbers of N planes named by `count` entries to a counter of `planes` planes and counter_slack more.
template <class V, int N>
void add_numbers(RegOf<V>* counter, int planes, const std::uint64_t* base, const std::uint32_t* list, std::int64_t count) {
    switch ((planes + 1) / 2) {
        case 5: return numbers_in_registers<V, N, 10>(counter, base, list, count);
        case 6: return numbers_in_registers<V, N, 12>(counter, base, list, count);
        case 7: return numbers_in_registers<V, N, 14>(counter, base, list, count);
        case 8: return numbers_in_registers<V, N, 16>(counter, base, list, count);
        default:
            for (int j = 0; j < N && j < planes; ++j)
                add_list<V, 1>(counter + j, planes - j, base + j * V::words, list, count);
    }
}

// Adds entries of any width at plane `level` of a counter.
template <class V>
inline void add_at(RegOf<V>* counter, int planes, int level, int width, const std::uint64_t* base, const std::uint32_t* list,
                   std::int64_t count) {
    using Add = void (*)(RegOf<V>*, int, const std::uint64_t*, const std::uint32_t*, std::int64_t);
    static constexpr Add table[most_number_planes] = {add_list<V, 1>,    add_list<V, 2>,    add_numbers<V, 3>, add_numbers<V, 4>,
                                                      add_numbers<V, 5>, add_numbers<V, 6>, add_numbers<V, 7>, add_numbers<V, 8>};
    table[width - 1](counter + level, planes - level, base, list, count);
}

}  // namespace gxnor
