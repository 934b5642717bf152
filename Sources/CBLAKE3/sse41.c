// SSE4.1: four lanes, and single nodes in rows.

#include "kernels.h"

#if CBLAKE3_X86

#include "sixteen_registers.h"
#include "sse41_row.h"

#define B3_LANES 4
#define B3_VECTOR __m128i
#define B3_TARGET __attribute__((target("sse4.1")))
#define B3_NAME(x) sse41_##x
#define B3_ADD(x, y) _mm_add_epi32(x, y)
#define B3_XOR(x, y) _mm_xor_si128(x, y)
#define B3_SPLAT(word) _mm_set1_epi32((int)(word))
#define B3_LOAD(words) _mm_loadu_si128((const __m128i *)(words))

// Two operands: the second is the target.
#define B3_OP(operation, source, target) operation " " source ", " target "\n\t"
#define B3_SUM(left, right, target) B3_MOVE(left, target) B3_OP("paddd", right, target)
#define B3_MOVE(source, target) "movdqa " source ", " target "\n\t"
#define B3_ROTATE(target, right, left)          \
    B3_MOVE(target, "%[t]")                     \
    "psrld $" right ", %[t]\n\t"                \
    "pslld $" left ", " target "\n\t"           \
    B3_OP("por", "%[t]", target)

/// Turns four rows of four words into four columns.
B3_TARGET static inline __attribute__((always_inline)) void sse41_transpose(
    __m128i r0, __m128i r1, __m128i r2, __m128i r3, __m128i out[4]) {
    const __m128i low01 = _mm_unpacklo_epi32(r0, r1), high01 = _mm_unpackhi_epi32(r0, r1);
    const __m128i low23 = _mm_unpacklo_epi32(r2, r3), high23 = _mm_unpackhi_epi32(r2, r3);
    out[0] = _mm_unpacklo_epi64(low01, low23);
    out[1] = _mm_unpackhi_epi64(low01, low23);
    out[2] = _mm_unpacklo_epi64(high01, high23);
    out[3] = _mm_unpackhi_epi64(high01, high23);
}

B3_TARGET static inline __attribute__((always_inline)) void sse41_load_blocks(__m128i m[16],
                                                                              const uint8_t *const lane[4]) {
    const uint8_t *p0 = lane[0], *p1 = lane[1], *p2 = lane[2], *p3 = lane[3];
    sse41_transpose(B3_LOAD(p0), B3_LOAD(p1), B3_LOAD(p2), B3_LOAD(p3), m);
    sse41_transpose(B3_LOAD(p0 + 16), B3_LOAD(p1 + 16), B3_LOAD(p2 + 16), B3_LOAD(p3 + 16), m + 4);
    sse41_transpose(B3_LOAD(p0 + 32), B3_LOAD(p1 + 32), B3_LOAD(p2 + 32), B3_LOAD(p3 + 32), m + 8);
    sse41_transpose(B3_LOAD(p0 + 48), B3_LOAD(p1 + 48), B3_LOAD(p2 + 48), B3_LOAD(p3 + 48), m + 12);
}

B3_TARGET static inline void sse41_store_cvs(const __m128i h[8], uint8_t *out) {
    __m128i low[4], high[4];
    sse41_transpose(h[0], h[1], h[2], h[3], low);
    sse41_transpose(h[4], h[5], h[6], h[7], high);
    for (int i = 0; i < 4; ++i) {
        _mm_storeu_si128((__m128i *)(out + i * CBLAKE3_CV_SIZE), low[i]);
        _mm_storeu_si128((__m128i *)(out + i * CBLAKE3_CV_SIZE + 16), high[i]);
    }
}

#include "lanes.h"

const b3_kernel b3_sse41 = {
    .lanes = 4,
    .chunk = sse41_chunk,
    .parent = sse41_parent,
    .chunk_lanes = sse41_chunk_lanes,
    .parent_lanes = sse41_parent_lanes,
};

#endif
