// Vertical counters: plane k of a counter holds bit k of one number per lane.
//
// Bits are added through a carry-save tree: a full adder takes two bits and the counter's bit of the same
// weight and leaves the counter's new bit and one carry of twice the weight. 2^(L+1) bits cost 2^(L+1) - 1
// full adders and leave one carry, which ripples through the counter's upper planes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops.hpp"

namespace gxnor {

template <class V>
using RegOf = typename V::Reg;

// Adds 2^(LEVEL+1) bits to c[0..LEVEL] and returns the carry. An entry of the list gives WIDTH bits: the
// plane it names and, for WIDTH 2, the one after it.
template <class V, int LEVEL, int WIDTH>
[[gnu::always_inline]] inline RegOf<V> add_tree(RegOf<V>* c, const std::uint64_t* base, const std::uint32_t* list) {
    if constexpr (LEVEL == 0) {
        const std::uint64_t* first = base + std::size_t{list[0]} * V::words;
        const std::uint64_t* second = WIDTH == 2 ? first + V::words : base + std::size_t{list[WIDTH == 2 ? 0 : 1]} * V::words;
        const RegOf<V> a = V::load(first), b = V::load(second);
        const RegOf<V> carry = V::majority(c[0], a, b);
        c[0] = V::sum3(c[0], a, b);
        return carry;
    } else {
        constexpr int half = (1 << LEVEL) / WIDTH;
        const RegOf<V> a = add_tree<V, LEVEL - 1, WIDTH>(c, base, list);
        const RegOf<V> b = add_tree<V, LEVEL - 1, WIDTH>(c, base, list + half);
        const RegOf<V> carry = V::majority(c[LEVEL], a, b);
        c[LEVEL] = V::sum3(c[LEVEL], a, b);
        return carry;
    }
}

// Adds one bit to a counter's planes first..last-1; returns what overflows.
template <class V>
[[gnu::always_inline]] inline RegOf<V> ripple(RegOf<V>* counter, int first, int last, RegOf<V> carry) {
    for (int k = first; k < last; ++k) {
        const RegOf<V> next = V::and_(counter[k], carry);
        counter[k] = V::xor_(counter[k], carry);
        carry = next;
    }
    return carry;
}

// The last entries, fewer than a whole block: one smaller tree per binary digit of their number of bits. At most
// one carry of every weight is left; `rest` takes them, a number by itself.
template <class V, int LEVEL, int WIDTH>
[[gnu::always_inline]] inline void add_rest(RegOf<V>* c, RegOf<V>* rest, const std::uint64_t* base, const std::uint32_t* list,
                                            std::int64_t bits) {
    if constexpr (LEVEL >= 0) {
        rest[LEVEL + 1] = V::fill(false);
        if (bits & (std::int64_t{2} << LEVEL)) {
            rest[LEVEL + 1] = add_tree<V, LEVEL, WIDTH>(c, base, list);
            list += (2 << LEVEL) / WIDTH;
        }
        add_rest<V, LEVEL - 1, WIDTH>(c, rest, base, list, bits);
    } else {
        rest[0] = bits & 1 ? V::load(base + std::size_t{list[0]} * V::words) : V::fill(false);
    }
}

// Adds the planes named by `count` entries to a counter of `planes` planes (and counter_slack more, whose
// content does not matter).
template <class V, int WIDTH>
void add_list(RegOf<V>* counter, int planes, const std::uint64_t* base, const std::uint32_t* list, std::int64_t count) {
    constexpr int top = V::tree_top;
    constexpr std::int64_t block = (std::int64_t{2} << top) / WIDTH;
    static_assert(top < counter_slack);
    RegOf<V> c[top + 1];
    for (int k = 0; k <= top; ++k) c[k] = counter[k];
    for (; count >= block; count -= block, list += block)
        ripple<V>(counter, top + 1, planes, add_tree<V, top, WIDTH>(c, base, list));
    constexpr std::int64_t half = block / 2;
    if (count >= half) {
        const RegOf<V> carry = add_tree<V, top - 1, WIDTH>(c, base, list);
        ripple<V>(counter, top + 1, planes, ripple<V>(c, top, top + 1, carry));
        count -= half;
        list += half;
    }
    if (count) {
        RegOf<V> rest[top + 1], carry = V::fill(false);
        rest[top] = carry;
        add_rest<V, top - 2, WIDTH>(c, rest, base, list, count * WIDTH);
        for (int k = 0; k <= top; ++k) {
            const RegOf<V> next = V::majority(c[k], rest[k], carry);
            c[k] = V::sum3(c[k], rest[k], carry);
            carry = next;
        }
        ripple<V>(counter, top + 1, planes, carry);
    }
    for (int k = 0; k <= top; ++k) counter[k] = c[k];
}

// Lanes whose counter is at least `bound`, 0 <= bound < 2^planes. A set bit of the bound asks for the
// counter's bit too, a clear one is content with it: majority with a constant is either "and" or "or".
template <class V>
[[gnu::always_inline]] inline RegOf<V> at_least(const RegOf<V>* counter, int planes, std::uint64_t bound) {
    RegOf<V> reached = V::fill(true);
    for (int k = 0; k < planes; ++k) reached = V::majority(counter[k], reached, V::fill(((bound >> k) & 1) == 0));
    return reached;
}

}  // namespace gxnor
