// Plain C form: every platform, any byte order.

#include "kernels.h"

static inline uint32_t load32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline void store32(uint8_t *bytes, uint32_t word) {
    bytes[0] = (uint8_t)word;
    bytes[1] = (uint8_t)(word >> 8);
    bytes[2] = (uint8_t)(word >> 16);
    bytes[3] = (uint8_t)(word >> 24);
}

static inline uint32_t ror(uint32_t word, unsigned count) {
    return word >> count | word << (32 - count);
}

#define G(A, B, C, D, X, Y)      \
    A = A + B + (X);             \
    D = ror(D ^ A, 16);          \
    C = C + D;                   \
    B = ror(B ^ C, 12);          \
    A = A + B + (Y);             \
    D = ror(D ^ A, 8);           \
    C = C + D;                   \
    B = ror(B ^ C, 7);

#define ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15) \
    G(v0, v4, v8, v12, m[s0], m[s1])                                               \
    G(v1, v5, v9, v13, m[s2], m[s3])                                               \
    G(v2, v6, v10, v14, m[s4], m[s5])                                              \
    G(v3, v7, v11, v15, m[s6], m[s7])                                              \
    G(v0, v5, v10, v15, m[s8], m[s9])                                              \
    G(v1, v6, v11, v12, m[s10], m[s11])                                            \
    G(v2, v7, v8, v13, m[s12], m[s13])                                             \
    G(v3, v4, v9, v14, m[s14], m[s15])

/// Replaces the chaining value `h` by its compression with one block.
static void compress(uint32_t h[8], const uint8_t *block, uint32_t length, uint64_t counter, uint32_t flags) {
    uint32_t m[16];
    for (int i = 0; i < 16; ++i) {
        m[i] = load32(block + 4 * i);
    }
    uint32_t v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    uint32_t v8 = B3_IV0, v9 = B3_IV1, v10 = B3_IV2, v11 = B3_IV3;
    uint32_t v12 = (uint32_t)counter, v13 = (uint32_t)(counter >> 32), v14 = length, v15 = flags;

    B3_SEVEN_ROUNDS(ROUND)

    h[0] = v0 ^ v8;
    h[1] = v1 ^ v9;
    h[2] = v2 ^ v10;
    h[3] = v3 ^ v11;
    h[4] = v4 ^ v12;
    h[5] = v5 ^ v13;
    h[6] = v6 ^ v14;
    h[7] = v7 ^ v15;
}

static void store_cv(const uint32_t h[8], uint8_t *out) {
    for (int i = 0; i < 8; ++i) {
        store32(out + 4 * i, h[i]);
    }
}

static void portable_chunk(const uint8_t *input, size_t length, const cblake3_key *key, uint64_t counter,
                           uint32_t root, uint8_t *out) {
    uint32_t h[8];
    memcpy(h, key->words, sizeof h);
#define COMPRESS(BLOCK, LENGTH, FLAGS) compress(h, BLOCK, LENGTH, counter, FLAGS)
    B3_FOR_EACH_BLOCK(input, length, key->flags, root, COMPRESS);
#undef COMPRESS
    store_cv(h, out);
}

static void portable_parent(const uint8_t *children, const cblake3_key *key, uint32_t root, uint8_t *out) {
    uint32_t h[8];
    memcpy(h, key->words, sizeof h);
    compress(h, children, B3_BLOCK_SIZE, 0, key->flags | B3_PARENT | root);
    store_cv(h, out);
}

const b3_kernel b3_portable = {
    .lanes = 1,
    .chunk = portable_chunk,
    .parent = portable_parent,
};
