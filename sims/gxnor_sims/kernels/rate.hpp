// The measure of the machine: how fast a core does the logic that adders are made of, with all operands in
// registers and no operation waiting for another. What a kernel takes beyond that is loads, lists and bookkeeping.
#pragma once

#include <cstdint>

#include "ops.hpp"

namespace gxnor {

constexpr int rate_registers = 12;  // enough to hide the latency of an operation, few enough for sixteen registers
constexpr std::int64_t rate_ops_per_round = 4 * rate_registers;

// Makes a compiler believe that the register was changed here, so that it drops and joins no operations. Where
// this cannot be said, repeated "exclusive or" may be simplified and the rate comes out too high.
template <class V>
[[gnu::always_inline]] inline void keep([[maybe_unused]] typename V::Reg& a) {
#if defined(__GNUC__) && defined(__x86_64__)
    if constexpr (V::words > 1) asm volatile("" : "+v"(a));
#elif defined(__GNUC__) && defined(__aarch64__)
    if constexpr (V::words > 1) asm volatile("" : "+w"(a));
#endif
}

// Fills each of COUNT registers. Recursion, not a loop: with constant indices the array lives in registers.
template <class V, int COUNT>
[[gnu::always_inline]] inline void fill_all(typename V::Reg* a) {
    if constexpr (COUNT > 0) {
        fill_all<V, COUNT - 1>(a);
        a[COUNT - 1] = V::fill(COUNT % 2 == 0);
        keep<V>(a[COUNT - 1]);
    }
}

// One operation on each of COUNT registers.
template <class V, int INPUTS, int COUNT>
[[gnu::always_inline]] inline void logic_turn(typename V::Reg* a, typename V::Reg b, typename V::Reg c) {
    if constexpr (COUNT > 0) {
        logic_turn<V, INPUTS, COUNT - 1>(a, b, c);
        a[COUNT - 1] = INPUTS == 3 ? V::sum3(a[COUNT - 1], b, c) : V::xor_(a[COUNT - 1], b);
        keep<V>(a[COUNT - 1]);
    }
}

template <class V, int COUNT>
[[gnu::always_inline]] inline typename V::Reg xor_all(const typename V::Reg* a) {
    if constexpr (COUNT == 1)
        return a[0];
    else
        return V::xor_(xor_all<V, COUNT - 1>(a), a[COUNT - 1]);
}

// Logic operations of INPUTS inputs, the most that one instruction takes. Returns a word that depends on all.
template <class V, int INPUTS>
std::uint64_t logic_rounds(std::int64_t rounds) {
    typename V::Reg a[rate_registers], b = V::fill(true), c = V::fill(false);
    fill_all<V, rate_registers>(a);
    keep<V>(b);
    keep<V>(c);
    for (std::int64_t round = 0; round < rounds; ++round) {
        logic_turn<V, INPUTS, rate_registers>(a, b, c);
        logic_turn<V, INPUTS, rate_registers>(a, b, c);
        logic_turn<V, INPUTS, rate_registers>(a, b, c);
        logic_turn<V, INPUTS, rate_registers>(a, b, c);
    }
    alignas(64) std::uint64_t words[V::words];
    V::store(words, xor_all<V, rate_registers>(a));
    return words[0];
}

}  // namespace gxnor
