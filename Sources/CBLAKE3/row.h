// One compression in 128-bit rows: row a holds state words 0...3, b 4...7, c 8...11, d 12...15.
//
// A template like lanes.h. The including file defines, and this file undefines at its end, B3_TARGET, B3_NAME(x),
// B3_ROR16 B3_ROR12 B3_ROR8 B3_ROR7, and
//   B3_SCHEDULE_STATE     the type that holds the message words between rounds
//   B3_NAME(schedule)(const uint8_t *block, B3_SCHEDULE_STATE *s)   makes the words of the first round
//   B3_NAME(words)(const B3_SCHEDULE_STATE *s, int round, __m128i w[4])
//   B3_NAME(next)(B3_SCHEDULE_STATE *s, int round)                  goes on to the following round
// The four vectors of a round are, in schedule positions: 0 2 4 6, 1 3 5 7, 14 8 10 12, 15 9 11 13. The last two are
// turned by one lane because the diagonals are reached by turning a, c and d around b: b is the value that comes out
// last, and so it never waits for a shuffle.

#define B3_HALF_ROW(W, ROR_D, ROR_B)                    \
    a = _mm_add_epi32(_mm_add_epi32(a, W), b);          \
    d = ROR_D(_mm_xor_si128(d, a));                     \
    c = _mm_add_epi32(c, d);                            \
    b = ROR_B(_mm_xor_si128(b, c));

#define B3_ROUND_ROW(INDEX)                                   \
    B3_NAME(words)(&s, INDEX, w);                             \
    B3_HALF_ROW(w[0], B3_ROR16, B3_ROR12)                     \
    B3_HALF_ROW(w[1], B3_ROR8, B3_ROR7)                       \
    a = _mm_shuffle_epi32(a, _MM_SHUFFLE(2, 1, 0, 3));        \
    d = _mm_shuffle_epi32(d, _MM_SHUFFLE(1, 0, 3, 2));        \
    c = _mm_shuffle_epi32(c, _MM_SHUFFLE(0, 3, 2, 1));        \
    B3_HALF_ROW(w[2], B3_ROR16, B3_ROR12)                     \
    B3_HALF_ROW(w[3], B3_ROR8, B3_ROR7)                       \
    a = _mm_shuffle_epi32(a, _MM_SHUFFLE(0, 3, 2, 1));        \
    d = _mm_shuffle_epi32(d, _MM_SHUFFLE(1, 0, 3, 2));        \
    c = _mm_shuffle_epi32(c, _MM_SHUFFLE(2, 1, 0, 3));

/// Replaces the chaining value `h` (words 0...3, 4...7) by its compression with one block.
B3_TARGET static inline __attribute__((always_inline)) void B3_NAME(compress_row)(
    __m128i h[2], const uint8_t *block, uint32_t length, uint64_t counter, uint32_t flags) {
    B3_SCHEDULE_STATE s;
    B3_NAME(schedule)(block, &s);
    __m128i w[4];
    __m128i a = h[0], b = h[1];
    __m128i c = _mm_setr_epi32((int)B3_IV0, (int)B3_IV1, (int)B3_IV2, (int)B3_IV3);
    __m128i d = _mm_setr_epi32((int)(uint32_t)counter, (int)(uint32_t)(counter >> 32), (int)length, (int)flags);

    B3_ROUND_ROW(0)
    B3_NAME(next)(&s, 0);
    B3_ROUND_ROW(1)
    B3_NAME(next)(&s, 1);
    B3_ROUND_ROW(2)
    B3_NAME(next)(&s, 2);
    B3_ROUND_ROW(3)
    B3_NAME(next)(&s, 3);
    B3_ROUND_ROW(4)
    B3_NAME(next)(&s, 4);
    B3_ROUND_ROW(5)
    B3_NAME(next)(&s, 5);
    B3_ROUND_ROW(6)

    h[0] = _mm_xor_si128(a, c);
    h[1] = _mm_xor_si128(b, d);
}

B3_TARGET static void B3_NAME(chunk)(const uint8_t *input, size_t length, const cblake3_key *key, uint64_t counter,
                                     uint32_t root, uint8_t *out) {
    __m128i h[2] = {
        _mm_loadu_si128((const __m128i *)key->words),
        _mm_loadu_si128((const __m128i *)(key->words + 4)),
    };
#define B3_COMPRESS(BLOCK, LENGTH, FLAGS) B3_NAME(compress_row)(h, BLOCK, LENGTH, counter, FLAGS)
    B3_FOR_EACH_BLOCK(input, length, key->flags, root, B3_COMPRESS);
#undef B3_COMPRESS
    _mm_storeu_si128((__m128i *)out, h[0]);
    _mm_storeu_si128((__m128i *)(out + 16), h[1]);
}

B3_TARGET static void B3_NAME(parent)(const uint8_t *children, const cblake3_key *key, uint32_t root, uint8_t *out) {
    __m128i h[2] = {
        _mm_loadu_si128((const __m128i *)key->words),
        _mm_loadu_si128((const __m128i *)(key->words + 4)),
    };
    B3_NAME(compress_row)(h, children, B3_BLOCK_SIZE, 0, key->flags | B3_PARENT | root);
    _mm_storeu_si128((__m128i *)out, h[0]);
    _mm_storeu_si128((__m128i *)(out + 16), h[1]);
}

#undef B3_HALF_ROW
#undef B3_ROUND_ROW
#undef B3_TARGET
#undef B3_NAME
#undef B3_ROR16
#undef B3_ROR12
#undef B3_ROR8
#undef B3_ROR7
#undef B3_SCHEDULE_STATE
