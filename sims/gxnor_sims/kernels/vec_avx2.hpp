// The vector of lanes as one AVX2 register: 256 lanes; or half of one, for few lanes.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace gxnor {

struct Avx2Bytes {
    // Bit `bit` of each of 64 bytes: shifted to the top of its byte, then collected.
    static std::uint64_t gather(const std::uint8_t* codes, int bit) {
        const __m128i shift = _mm_cvtsi32_si128(7 - bit);
        std::uint64_t result = 0;
        for (int i = 0; i < 2; ++i) {
            const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + 32 * i));
            const int half = _mm256_movemask_epi8(_mm256_sll_epi64(bytes, shift));
            result |= std::uint64_t{static_cast<std::uint32_t>(half)} << (32 * i);
        }
        return result;
    }
};

struct Avx2 : Avx2Bytes {
    static constexpr int words = 4;
    static constexpr int tree_top = 4;  // the counter planes of a whole tree live in registers
    using Reg = __m256i;

    static Reg load(const std::uint64_t* p) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(p)); }
    static void store(std::uint64_t* p, Reg a) { _mm256_store_si256(reinterpret_cast<__m256i*>(p), a); }
    static Reg fill(bool bit) { return _mm256_set1_epi64x(-static_cast<long long>(bit)); }
    static Reg and_(Reg a, Reg b) { return _mm256_and_si256(a, b); }
    static Reg or_(Reg a, Reg b) { return _mm256_or_si256(a, b); }
    static Reg xor_(Reg a, Reg b) { return _mm256_xor_si256(a, b); }
    static Reg not_(Reg a) { return _mm256_xor_si256(a, _mm256_set1_epi64x(-1)); }
    static Reg sum3(Reg a, Reg b, Reg c) { return xor_(xor_(a, b), c); }
    static Reg majority(Reg a, Reg b, Reg c) { return or_(and_(a, b), and_(c, xor_(a, b))); }
    static bool full(Reg a) { return _mm256_testc_si256(a, _mm256_set1_epi64x(-1)) != 0; }
    static void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
};

struct Avx2Half : Avx2Bytes {
    static constexpr int words = 2;
    static constexpr int tree_top = 4;
    using Reg = __m128i;

    static Reg load(const std::uint64_t* p) { return _mm_load_si128(reinterpret_cast<const __m128i*>(p)); }
    static void store(std::uint64_t* p, Reg a) { _mm_store_si128(reinterpret_cast<__m128i*>(p), a); }
    static Reg fill(bool bit) { return _mm_set1_epi64x(-static_cast<long long>(bit)); }
    static Reg and_(Reg a, Reg b) { return _mm_and_si128(a, b); }
    static Reg or_(Reg a, Reg b) { return _mm_or_si128(a, b); }
    static Reg xor_(Reg a, Reg b) { return _mm_xor_si128(a, b); }
    static Reg not_(Reg a) { return _mm_xor_si128(a, _mm_set1_epi64x(-1)); }
    static Reg sum3(Reg a, Reg b, Reg c) { return xor_(xor_(a, b), c); }
    static Reg majority(Reg a, Reg b, Reg c) { return or_(and_(a, b), and_(c, xor_(a, b))); }
    static bool full(Reg a) { return _mm_testc_si128(a, _mm_set1_epi64x(-1)) != 0; }
    static void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
};

}  // namespace gxnor
