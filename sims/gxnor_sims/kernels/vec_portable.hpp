// The vector of lanes without any instruction set in mind: builds everywhere. GCC and Clang have vectors of
// words, which become SSE2 or NEON registers; other compilers take single words.
#pragma once

#include <cstdint>

namespace gxnor {

struct Portable {
    static constexpr int tree_top = 4;  // the counter planes of a whole tree live in registers
#if defined(__GNUC__) && !defined(GXNOR_SINGLE_WORDS)
    static constexpr int words = 2;
    typedef std::uint64_t Reg __attribute__((vector_size(16), may_alias));
    static bool full(Reg a) { return (a[0] & a[1]) == ~std::uint64_t{0}; }
#else
    static constexpr int words = 1;
    typedef std::uint64_t Reg;
    static bool full(Reg a) { return a == ~Reg{0}; }
#endif

    static Reg load(const std::uint64_t* p) { return *reinterpret_cast<const Reg*>(p); }
    static void store(std::uint64_t* p, Reg a) { *reinterpret_cast<Reg*>(p) = a; }
    static Reg fill(bool bit) { return bit ? ~Reg{} : Reg{}; }
    static Reg and_(Reg a, Reg b) { return a & b; }
    static Reg or_(Reg a, Reg b) { return a | b; }
    static Reg xor_(Reg a, Reg b) { return a ^ b; }
    static Reg not_(Reg a) { return ~a; }
    static Reg sum3(Reg a, Reg b, Reg c) { return a ^ b ^ c; }
    static Reg majority(Reg a, Reg b, Reg c) { return (a & b) | (c & (a ^ b)); }

    static void prefetch(const void*) {}

    // Bit `bit` of each of 64 bytes. Bytes are joined by shifts, so that byte order does not matter.
    static std::uint64_t gather(const std::uint8_t* codes, int bit) {
        std::uint64_t result = 0;
        for (int i = 0; i < 8; ++i) {
            std::uint64_t eight = 0;
            for (int k = 0; k < 8; ++k) eight |= std::uint64_t{codes[8 * i + k]} << (8 * k);
            const std::uint64_t bits = (eight >> bit) & 0x0101010101010101u;
            result |= ((bits * 0x0102040810204080u) >> 56) << (8 * i);
        }
        return result;
    }
};

}  // namespace gxnor
