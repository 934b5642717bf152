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

/// Four words of lanes i and i + 4 at a time: putting the halves of a vector together while loading is cheaper than
/// exchanging them afterwards.
B3_AVX2 void eight_load_blocks(__m256i m[16], const uint8_t *const lane[8]) {
    for (int part = 0; part < 4; ++part) {
        __m256i r[4];
        for (int i = 0; i < 4; ++i) {
            const __m128i low = _mm_loadu_si128((const __m128i *)(lane[i] + 16 * part));
            const __m128i high = _mm_loadu_si128((const __m128i *)(lane[i + 4] + 16 * part));
            r[i] = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
        }
        const __m256i low01 = _mm256_unpacklo_epi32(r[0], r[1]), high01 = _mm256_unpackhi_epi32(r[0], r[1]);
        const __m256i low23 = _mm256_unpacklo_epi32(r[2], r[3]), high23 = _mm256_unpackhi_epi32(r[2], r[3]);
        m[4 * part] = _mm256_unpacklo_epi64(low01, low23);
        m[4 * part + 1] = _mm256_unpackhi_epi64(low01, low23);
        m[4 * part + 2] = _mm256_unpacklo_epi64(high01, high23);
        m[4 * part + 3] = _mm256_unpackhi_epi64(high01, high23);
    }
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
