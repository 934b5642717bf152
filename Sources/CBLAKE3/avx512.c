// AVX-512 F and VL: sixteen lanes, eight when there are no more nodes, and single nodes in rows.

#include "kernels.h"

#if CBLAKE3_X86

#include "eight_lanes.h"

#define AVX512 __attribute__((target("avx2,avx512f,avx512vl")))
#define AVX512_INLINE AVX512 static inline __attribute__((always_inline))

// Eight lanes.

#define B3_LANES 8
#define B3_VECTOR __m256i
#define B3_TARGET AVX512
#define B3_NAME(x) avx512_eight_##x
#define B3_ADD(x, y) _mm256_add_epi32(x, y)
#define B3_XOR(x, y) _mm256_xor_si256(x, y)
#define B3_ROR16(x) _mm256_ror_epi32(x, 16)
#define B3_ROR12(x) _mm256_ror_epi32(x, 12)
#define B3_ROR8(x) _mm256_ror_epi32(x, 8)
#define B3_ROR7(x) _mm256_ror_epi32(x, 7)
#define B3_SPLAT(word) _mm256_set1_epi32((int)(word))
#define B3_LOAD(words) _mm256_loadu_si256((const __m256i *)(words))
#define avx512_eight_load_blocks eight_load_blocks
#define avx512_eight_store_cvs eight_store_cvs
#include "lanes.h"

// Sixteen lanes.

/// Turns one block of each lane into sixteen vectors of words: first 4 by 4 words inside the 128-bit groups of four
/// neighbouring lanes, then 4 by 4 groups.
AVX512_INLINE void avx512_load_blocks(__m512i m[16], const uint8_t *const lane[16]) {
    __m512i b[16];
    for (int i = 0; i < 16; i += 4) {
        const __m512i r0 = _mm512_loadu_si512(lane[i]), r1 = _mm512_loadu_si512(lane[i + 1]);
        const __m512i r2 = _mm512_loadu_si512(lane[i + 2]), r3 = _mm512_loadu_si512(lane[i + 3]);
        const __m512i low01 = _mm512_unpacklo_epi32(r0, r1), high01 = _mm512_unpackhi_epi32(r0, r1);
        const __m512i low23 = _mm512_unpacklo_epi32(r2, r3), high23 = _mm512_unpackhi_epi32(r2, r3);
        b[i] = _mm512_unpacklo_epi64(low01, low23);
        b[i + 1] = _mm512_unpackhi_epi64(low01, low23);
        b[i + 2] = _mm512_unpacklo_epi64(high01, high23);
        b[i + 3] = _mm512_unpackhi_epi64(high01, high23);
    }
    for (int i = 0; i < 4; ++i) {
        const __m512i even_low = _mm512_shuffle_i32x4(b[i], b[4 + i], 0x88);
        const __m512i odd_low = _mm512_shuffle_i32x4(b[i], b[4 + i], 0xDD);
        const __m512i even_high = _mm512_shuffle_i32x4(b[8 + i], b[12 + i], 0x88);
        const __m512i odd_high = _mm512_shuffle_i32x4(b[8 + i], b[12 + i], 0xDD);
        m[i] = _mm512_shuffle_i32x4(even_low, even_high, 0x88);
        m[4 + i] = _mm512_shuffle_i32x4(odd_low, odd_high, 0x88);
        m[8 + i] = _mm512_shuffle_i32x4(even_low, even_high, 0xDD);
        m[12 + i] = _mm512_shuffle_i32x4(odd_low, odd_high, 0xDD);
    }
}

AVX512_INLINE void avx512_store_cvs(const __m512i h[8], uint8_t *out) {
    __m256i low[8], high[8];
    for (int i = 0; i < 8; ++i) {
        low[i] = _mm512_castsi512_si256(h[i]);
        high[i] = _mm512_extracti64x4_epi64(h[i], 1);
    }
    eight_store_cvs(low, out);
    eight_store_cvs(high, out + 8 * CBLAKE3_CV_SIZE);
}

#define B3_LANES 16
#define B3_VECTOR __m512i
#define B3_TARGET AVX512
#define B3_NAME(x) avx512_##x
#define B3_ADD(x, y) _mm512_add_epi32(x, y)
#define B3_XOR(x, y) _mm512_xor_si512(x, y)
#define B3_ROR16(x) _mm512_ror_epi32(x, 16)
#define B3_ROR12(x) _mm512_ror_epi32(x, 12)
#define B3_ROR8(x) _mm512_ror_epi32(x, 8)
#define B3_ROR7(x) _mm512_ror_epi32(x, 7)
#define B3_SPLAT(word) _mm512_set1_epi32((int)(word))
#define B3_LOAD(words) _mm512_loadu_si512(words)
#include "lanes.h"

// Single nodes: the block is one vector, and one permutation puts it into a round's order.

/// Positions of one round's message words in the order of row.h.
#define AVX512_ORDER(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15) \
    {s0, s2, s4, s6, s1, s3, s5, s7, s14, s8, s10, s12, s15, s9, s11, s13},

static const uint32_t avx512_orders[7][16] = {B3_SEVEN_ROUNDS(AVX512_ORDER)};

AVX512_INLINE void avx512_schedule(const uint8_t *block, __m512i *s) {
    *s = _mm512_loadu_si512(block);
}

AVX512_INLINE void avx512_words(const __m512i *s, int round, __m128i w[4]) {
    const __m512i words = _mm512_permutexvar_epi32(_mm512_loadu_si512(avx512_orders[round]), *s);
    w[0] = _mm512_castsi512_si128(words);
    w[1] = _mm512_extracti32x4_epi32(words, 1);
    w[2] = _mm512_extracti32x4_epi32(words, 2);
    w[3] = _mm512_extracti32x4_epi32(words, 3);
}

AVX512_INLINE void avx512_next(__m512i *s, int round) {
    (void)s;
    (void)round;
}

#define B3_TARGET AVX512
#define B3_NAME(x) avx512_##x
#define B3_ROR16(x) _mm_ror_epi32(x, 16)
#define B3_ROR12(x) _mm_ror_epi32(x, 12)
#define B3_ROR8(x) _mm_ror_epi32(x, 8)
#define B3_ROR7(x) _mm_ror_epi32(x, 7)
#define B3_SCHEDULE_STATE __m512i
#include "row.h"

/// Nine chunks are eight lanes and a single chunk: never slower than sixteen lanes with seven idle, and faster when
/// the ninth is short (8.5 KiB: 3.6 GB/s against 3.1).
static void avx512_chunks(const uint8_t *input, size_t length, const cblake3_key *key, uint64_t counter,
                          uint8_t *out) {
    const size_t eight = 8 * CBLAKE3_CHUNK_SIZE;
    if (length > eight + CBLAKE3_CHUNK_SIZE) {
        avx512_chunk_lanes(input, length, key, counter, out);
    } else if (length > eight) {
        avx512_eight_chunk_lanes(input, eight, key, counter, out);
        avx512_chunk(input + eight, length - eight, key, counter + 8, 0, out + 8 * CBLAKE3_CV_SIZE);
    } else {
        avx512_eight_chunk_lanes(input, length, key, counter, out);
    }
}

static void avx512_parents(const uint8_t *children, size_t count, const cblake3_key *key, uint8_t *out) {
    if (count > 8) {
        avx512_parent_lanes(children, count, key, out);
    } else {
        avx512_eight_parent_lanes(children, count, key, out);
    }
}

const b3_kernel b3_avx512 = {
    .lanes = 16,
    .chunk = avx512_chunk,
    .parent = avx512_parent,
    .chunk_lanes = avx512_chunks,
    .parent_lanes = avx512_parents,
};

#endif
