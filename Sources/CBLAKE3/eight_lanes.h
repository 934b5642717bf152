// Moving words between memory and eight 256-bit lanes; for AVX2 and for the narrow half of the AVX-512 kernel.

#ifndef CBLAKE3_EIGHT_LANES_H
#define CBLAKE3_EIGHT_LANES_H

#include <immintrin.h>

#define B3_AVX2 __attribute__((target("avx2"))) static inline __attribute__((always_inline))

/// Turns eight rows of eight words into eight columns.
B3_AVX2 void eight_transpose(const __m256i r[8], __m256i out[8]) {
    const __m256i a0 = _mm256_unpacklo_epi32(r[0], r[1]), a1 = _mm256_unpackhi_epi32(r[0], r[1]);
    const __m256i a2 = _mm256_unpacklo_epi32(r[2], r[3]), a3 = _mm256_unpackhi_epi32(r[2], r[3]);
    const __m256i a4 = _mm256_unpacklo_epi32(r[4], r[5]), a5 = _mm256_unpackhi_epi32(r[4], r[5]);
    const __m256i a6 = _mm256_unpacklo_epi32(r[6], r[7]), a7 = _mm256_unpackhi_epi32(r[6], r[7]);
    const __m256i b0 = _mm256_unpacklo_epi64(a0, a2), b1 = _mm256_unpackhi_epi64(a0, a2);
    const __m256i b2 = _mm256_unpacklo_epi64(a1, a3), b3 = _mm256_unpackhi_epi64(a1, a3);
    const __m256i b4 = _mm256_unpacklo_epi64(a4, a6), b5 = _mm256_unpackhi_epi64(a4, a6);
    const __m256i b6 = _mm256_unpacklo_epi64(a5, a7), b7 = _mm256_unpackhi_epi64(a5, a7);
    out[0] = _mm256_permute2x128_si256(b0, b4, 0x20);
    out[1] = _mm256_permute2x128_si256(b1, b5, 0x20);
    out[2] = _mm256_permute2x128_si256(b2, b6, 0x20);
    out[3] = _mm256_permute2x128_si256(b3, b7, 0x20);
    out[4] = _mm256_permute2x128_si256(b0, b4, 0x31);
    out[5] = _mm256_permute2x128_si256(b1, b5, 0x31);
    out[6] = _mm256_permute2x128_si256(b2, b6, 0x31);
    out[7] = _mm256_permute2x128_si256(b3, b7, 0x31);
}

B3_AVX2 void eight_load_blocks(__m256i m[16], const uint8_t *const lane[8]) {
    __m256i low[8], high[8];
    for (int i = 0; i < 8; ++i) {
        low[i] = _mm256_loadu_si256((const __m256i *)lane[i]);
        high[i] = _mm256_loadu_si256((const __m256i *)(lane[i] + 32));
    }
    eight_transpose(low, m);
    eight_transpose(high, m + 8);
}

B3_AVX2 void eight_store_cvs(const __m256i h[8], uint8_t *out) {
    __m256i cv[8];
    eight_transpose(h, cv);
    for (int i = 0; i < 8; ++i) {
        _mm256_storeu_si256((__m256i *)(out + i * CBLAKE3_CV_SIZE), cv[i]);
    }
}

#undef B3_AVX2

#endif
