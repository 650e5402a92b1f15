// The vector of lanes as one AVX-512 register: 512 lanes, any three-input logic in one instruction. Few lanes take
// a half or a quarter of a register, with the same instructions.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace gxnor {

// Bit `bit` of each of 64 bytes, whatever the width of the lanes.
struct Avx512Bytes {
    static std::uint64_t gather(const std::uint8_t* codes, int bit) {
        const __m512i bytes = _mm512_loadu_si512(codes);
        return _mm512_test_epi8_mask(bytes, _mm512_set1_epi8(static_cast<char>(1 << bit)));
    }
};

struct Avx512 : Avx512Bytes {
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
};

struct Avx512Half : Avx512Bytes {
    static constexpr int words = 4;
    static constexpr int tree_top = 5;
    using Reg = __m256i;

    static Reg load(const std::uint64_t* p) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(p)); }
    static void store(std::uint64_t* p, Reg a) { _mm256_store_si256(reinterpret_cast<__m256i*>(p), a); }
    static Reg fill(bool bit) { return _mm256_set1_epi64x(-static_cast<long long>(bit)); }
    static Reg and_(Reg a, Reg b) { return _mm256_and_si256(a, b); }
    static Reg or_(Reg a, Reg b) { return _mm256_or_si256(a, b); }
    static Reg xor_(Reg a, Reg b) { return _mm256_xor_si256(a, b); }
    static Reg not_(Reg a) { return _mm256_ternarylogic_epi64(a, a, a, 0x55); }
    static Reg sum3(Reg a, Reg b, Reg c) { return _mm256_ternarylogic_epi64(a, b, c, 0x96); }
    static Reg majority(Reg a, Reg b, Reg c) { return _mm256_ternarylogic_epi64(a, b, c, 0xE8); }
    static bool full(Reg a) { return _mm256_cmpneq_epi64_mask(a, _mm256_set1_epi64x(-1)) == 0; }
    static void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
};

struct Avx512Quarter : Avx512Bytes {
    static constexpr int words = 2;
    static constexpr int tree_top = 5;
    using Reg = __m128i;

    static Reg load(const std::uint64_t* p) { return _mm_load_si128(reinterpret_cast<const __m128i*>(p)); }
    static void store(std::uint64_t* p, Reg a) { _mm_store_si128(reinterpret_cast<__m128i*>(p), a); }
    static Reg fill(bool bit) { return _mm_set1_epi64x(-static_cast<long long>(bit)); }
    static Reg and_(Reg a, Reg b) { return _mm_and_si128(a, b); }
    static Reg or_(Reg a, Reg b) { return _mm_or_si128(a, b); }
    static Reg xor_(Reg a, Reg b) { return _mm_xor_si128(a, b); }
    static Reg not_(Reg a) { return _mm_ternarylogic_epi64(a, a, a, 0x55); }
    static Reg sum3(Reg a, Reg b, Reg c) { return _mm_ternarylogic_epi64(a, b, c, 0x96); }
    static Reg majority(Reg a, Reg b, Reg c) { return _mm_ternarylogic_epi64(a, b, c, 0xE8); }
    static bool full(Reg a) { return _mm_cmpneq_epi64_mask(a, _mm_set1_epi64x(-1)) == 0; }
    static void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
};

}  // namespace gxnor
