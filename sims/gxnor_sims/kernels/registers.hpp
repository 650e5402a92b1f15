// Vertical counters that stay in registers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "adders.hpp"

namespace gxnor {

// A counter of PLANES planes that stay in registers. PLANES may be more than the counter needs.
template <class V, int PLANES>
struct Registers {
    RegOf<V> plane[PLANES];

    // Recursion, not loops: only then do all compilers keep the planes in registers.
    template <int K = 0>
    [[gnu::always_inline]] void load(const std::uint64_t* kept) {
        plane[K] = V::load(kept + K * V::words);
        if constexpr (K + 1 < PLANES) load<K + 1>(kept);
    }
    template <int K = 0>
    [[gnu::always_inline]] void store(std::uint64_t* kept) const {
        V::store(kept + K * V::words, plane[K]);
        if constexpr (K + 1 < PLANES) store<K + 1>(kept);
    }
    // From and to a counter in memory.
    template <int K = 0>
    [[gnu::always_inline]] void take(const RegOf<V>* counter) {
        plane[K] = counter[K];
        if constexpr (K + 1 < PLANES) take<K + 1>(counter);
    }
    template <int K = 0>
    [[gnu::always_inline]] void give(RegOf<V>* counter) const {
        counter[K] = plane[K];
        if constexpr (K + 1 < PLANES) give<K + 1>(counter);
    }
    template <int K = 0>
    [[gnu::always_inline]] void complement() {
        plane[K] = V::not_(plane[K]);
        if constexpr (K + 1 < PLANES) complement<K + 1>();
    }

    // Carries a bit of weight 2^K upwards.
    template <int K>
    [[gnu::always_inline]] void carry_up(RegOf<V> carry) {
        if constexpr (K < PLANES) {
            const RegOf<V> next = V::and_(plane[K], carry);
            plane[K] = V::xor_(plane[K], carry);
            carry_up<K + 1>(next);
        }
    }

    // The last entries, fewer than make 2^(LEVEL+2) bits.
    template <int LEVEL, int WIDTH>
    [[gnu::always_inline]] void add_last(const std::uint64_t* base, const std::uint32_t* list, std::int64_t bits) {
        if constexpr (LEVEL >= 0) {
            if (bits & (std::int64_t{2} << LEVEL)) {
                carry_up<LEVEL + 1>(add_tree<V, LEVEL, WIDTH>(plane, base, list));
                list += (2 << LEVEL) / WIDTH;
            }
            add_last<LEVEL - 1, WIDTH>(base, list, bits);
        } else if (bits & 1) {
            carry_up<0>(V::load(base + std::size_t{list[0]} * V::words));
        }
    }

    // Adds a list. The carries of the last whole tree and of a half one go up together.
    template <int WIDTH>
    [[gnu::always_inline]] void add(const std::uint64_t* base, const std::uint32_t* list, std::int64_t count) {
        constexpr int top = V::tree_top;
        constexpr std::int64_t block = (std::int64_t{2} << top) / WIDTH;
        static_assert(top + 1 < PLANES);
        for (; count >= 2 * block; count -= block, list += block) carry_up<top + 1>(add_tree<V, top, WIDTH>(plane, base, list));
        RegOf<V> whole = V::fill(false), half = V::fill(false);
        if (count >= block) {
            whole = add_tree<V, top, WIDTH>(plane, base, list);
            count -= block;
            list += block;
        }
        if (count >= block / 2) {
            const RegOf<V> carry = add_tree<V, top - 1, WIDTH>(plane, base, list);
            half = V::and_(plane[top], carry);
            plane[top] = V::xor_(plane[top], carry);
            count -= block / 2;
            list += block / 2;
        }
        const RegOf<V> carry = V::majority(plane[top + 1], whole, half);
        plane[top + 1] = V::sum3(plane[top + 1], whole, half);
        carry_up<top + 2>(carry);
        if (count) add_last<top - 2, WIDTH>(base, list, count * WIDTH);
    }

    // Adds a number of N binary planes and a carry, from plane K on.
    template <int N, int K = 0>
    [[gnu::always_inline]] void add_number(const std::uint64_t* x, RegOf<V> carry) {
        static_assert(N < PLANES);
        if constexpr (K < N) {
            const RegOf<V> a = V::load(x + K * V::words);
            const RegOf<V> next = V::majority(plane[K], a, carry);
            plane[K] = V::sum3(plane[K], a, carry);
            add_number<N, K + 1>(x, next);
        } else {
            carry_up<K>(carry);
        }
    }

    // Adds two numbers of N binary planes and two carries, from plane K on.
    template <int N, int K = 0>
    [[gnu::always_inline]] void add_numbers(const std::uint64_t* x, const std::uint64_t* y, RegOf<V> first, RegOf<V> second) {
        static_assert(N < PLANES);
        if constexpr (K < N) {
            const RegOf<V> a = V::load(x + K * V::words), b = V::load(y + K * V::words);
            const RegOf<V> carry = V::majority(plane[K], a, b), sum = V::sum3(plane[K], a, b);
            const RegOf<V> other = V::majority(sum, first, second);
            plane[K] = V::sum3(sum, first, second);
            add_numbers<N, K + 1>(x, y, carry, other);
        } else {
            const RegOf<V> carry = V::majority(plane[K], first, second);
            plane[K] = V::sum3(plane[K], first, second);
            carry_up<K + 1>(carry);
        }
    }
};

}  // namespace gxnor
