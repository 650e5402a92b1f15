// The vector of lanes as one AVX-512 register: 512 samples, any three-input logic in one instruction.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace gxnor {

struct Avx512 {
    static constexpr int words = 8;
    static constexpr int tree_top = 5;  // the counter planes of a whole tree live in registers
    using Reg = __m512i;

    static Reg load(const std::uint64_t* p) { return _mm512_load_si512(p); }
    static void store(std::uint64_t* p, Reg a) { _mm512_store_si512(p, a); }
    static Reg fill(bool bit) { return _mm512_set1_epi64(-static_cast<long long>(bit)); }
    static Reg and_(Reg a, Reg b) { return _mm512_and_si512(a, b); }
    static Reg or_(Reg a, Reg b) { return _mm512_or_si512(a, b); }
    static Reg xor_(Reg a, Reg b) { return _mm512_xor_si512(a, b); }
    static Reg not_(Reg a) { return _mm512_ternarylogic_epi64(a, a, a, 0x55); }
    static Reg sum3(Reg a, Reg b, Reg c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
    static Reg majority(Reg a, Reg b, Reg c) { return _mm512_ternarylogic_epi64(a, b, c, 0xE8); }
    static bool full(Reg a) { return _mm512_cmpneq_epi64_mask(a, _mm512_set1_epi64(-1)) == 0; }

    static void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

    // Bit `bit` of each of 64 bytes.
    static std::uint64_t gather(const std::uint8_t* codes, int bit) {
        const __m512i bytes = _mm512_loadu_si512(codes);
        return _mm512_test_epi8_mask(bytes, _mm512_set1_epi8(static_cast<char>(1 << bit)));
    }
};

}  // namespace gxnor
