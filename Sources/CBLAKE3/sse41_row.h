// Rotations and single nodes with SSE4.1; the AVX2 kernel uses them too.

#ifndef CBLAKE3_SSE41_ROW_H
#define CBLAKE3_SSE41_ROW_H

#include <immintrin.h>

#define B3_SSE41 __attribute__((target("sse4.1"))) static inline __attribute__((always_inline))

B3_SSE41 __m128i sse41_ror16(__m128i x) {
    return _mm_shuffle_epi8(x, _mm_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
}

B3_SSE41 __m128i sse41_ror8(__m128i x) {
    return _mm_shuffle_epi8(x, _mm_setr_epi8(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12));
}

B3_SSE41 __m128i sse41_ror12(__m128i x) {
    return _mm_or_si128(_mm_srli_epi32(x, 12), _mm_slli_epi32(x, 20));
}

B3_SSE41 __m128i sse41_ror7(__m128i x) {
    return _mm_or_si128(_mm_srli_epi32(x, 7), _mm_slli_epi32(x, 25));
}

/// Two words of x, then two of y.
#define B3_PICK(x, y, x0, x1, y0, y1) \
    _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(x), _mm_castsi128_ps(y), _MM_SHUFFLE(y1, y0, x1, x0)))
#define B3_ORDER(x, i0, i1, i2, i3) _mm_shuffle_epi32(x, _MM_SHUFFLE(i3, i2, i1, i0))

/// The four vectors of the current round, as row.h wants them.
typedef struct {
    __m128i w[4];
} sse41_schedule_state;

B3_SSE41 void sse41_schedule(const uint8_t *block, sse41_schedule_state *s) {
    const __m128i m0 = _mm_loadu_si128((const __m128i *)block);
    const __m128i m1 = _mm_loadu_si128((const __m128i *)(block + 16));
    const __m128i m2 = _mm_loadu_si128((const __m128i *)(block + 32));
    const __m128i m3 = _mm_loadu_si128((const __m128i *)(block + 48));
    s->w[0] = B3_PICK(m0, m1, 0, 2, 0, 2);
    s->w[1] = B3_PICK(m0, m1, 1, 3, 1, 3);
    s->w[2] = B3_ORDER(B3_PICK(m2, m3, 0, 2, 0, 2), 3, 0, 1, 2);
    s->w[3] = B3_ORDER(B3_PICK(m2, m3, 1, 3, 1, 3), 3, 0, 1, 2);
}

B3_SSE41 void sse41_words(const sse41_schedule_state *s, int round, __m128i w[4]) {
    (void)round;
    w[0] = s->w[0];
    w[1] = s->w[1];
    w[2] = s->w[2];
    w[3] = s->w[3];
}

/// Applies the message permutation. With x = w[0], y = w[1], p = w[2], q = w[3] the next vectors are
/// (x1 y1 y3 x2), (x3 p2 x0 q3), (q0 y0 p3 q1), (p1 q2 y2 p0).
B3_SSE41 void sse41_next(sse41_schedule_state *s, int round) {
    (void)round;
    const __m128i x = s->w[0], y = s->w[1], p = s->w[2], q = s->w[3];
    s->w[0] = B3_ORDER(B3_PICK(x, y, 1, 2, 1, 3), 0, 2, 3, 1);
    s->w[1] = B3_ORDER(B3_PICK(x, _mm_blend_epi16(p, q, 0xC0), 3, 0, 2, 3), 0, 2, 1, 3);
    s->w[2] = B3_ORDER(B3_PICK(q, _mm_blend_epi16(y, p, 0xC0), 0, 1, 0, 3), 0, 2, 3, 1);
    s->w[3] = B3_ORDER(B3_PICK(p, _mm_unpackhi_epi32(q, y), 1, 0, 0, 1), 0, 2, 3, 1);
}

#define B3_TARGET __attribute__((target("sse4.1")))
#define B3_NAME(x) sse41_##x
#define B3_ROR16(x) sse41_ror16(x)
#define B3_ROR12(x) sse41_ror12(x)
#define B3_ROR8(x) sse41_ror8(x)
#define B3_ROR7(x) sse41_ror7(x)
#define B3_SCHEDULE_STATE sse41_schedule_state
#include "row.h"

#undef B3_PICK
#undef B3_ORDER
#undef B3_SSE41

#endif
