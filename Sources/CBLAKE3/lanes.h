// Several nodes at once, one per 32-bit lane of a vector: vector w holds word w of every lane.
//
// A template, included once per vector width. The including file defines, and this file undefines at its end:
//   B3_LANES, B3_VECTOR   lanes per vector, vector type
//   B3_TARGET             function attributes that allow the instructions
//   B3_NAME(x)            the width's name for x
//   B3_ADD B3_XOR B3_SPLAT(word) B3_LOAD(const uint32_t *)
//   B3_ROR16 B3_ROR12 B3_ROR8 B3_ROR7, or B3_FIRST_HALF and B3_SECOND_HALF as below
// and the functions
//   B3_NAME(load_blocks)(B3_VECTOR m[16], const uint8_t *const lane[B3_LANES])  reads 64 bytes per lane
//   B3_NAME(store_cvs)(const B3_VECTOR h[8], uint8_t *out)                      writes 32 bytes per lane

#ifndef B3_FIRST_HALF
/// Half of a G function on four columns or diagonals at once; X0...X3 are the message words.
#define B3_HALF(X0, X1, X2, X3, A0, A1, A2, A3, B0, B1, B2, B3, C0, C1, C2, C3, D0, D1, D2, D3, ROR_D, ROR_B)   \
    A0 = B3_ADD(A0, X0);                                                                                        \
    A1 = B3_ADD(A1, X1);                                                                                        \
    A2 = B3_ADD(A2, X2);                                                                                        \
    A3 = B3_ADD(A3, X3);                                                                                        \
    A0 = B3_ADD(A0, B0);                                                                                        \
    A1 = B3_ADD(A1, B1);                                                                                        \
    A2 = B3_ADD(A2, B2);                                                                                        \
    A3 = B3_ADD(A3, B3);                                                                                        \
    D0 = ROR_D(B3_XOR(D0, A0));                                                                                 \
    D1 = ROR_D(B3_XOR(D1, A1));                                                                                 \
    D2 = ROR_D(B3_XOR(D2, A2));                                                                                 \
    D3 = ROR_D(B3_XOR(D3, A3));                                                                                 \
    C0 = B3_ADD(C0, D0);                                                                                        \
    C1 = B3_ADD(C1, D1);                                                                                        \
    C2 = B3_ADD(C2, D2);                                                                                        \
    C3 = B3_ADD(C3, D3);                                                                                        \
    B0 = ROR_B(B3_XOR(B0, C0));                                                                                 \
    B1 = ROR_B(B3_XOR(B1, C1));                                                                                 \
    B2 = ROR_B(B3_XOR(B2, C2));                                                                                 \
    B3 = ROR_B(B3_XOR(B3, C3));

#define B3_FIRST_HALF(...) B3_HALF(__VA_ARGS__, B3_ROR16, B3_ROR12)
#define B3_SECOND_HALF(...) B3_HALF(__VA_ARGS__, B3_ROR8, B3_ROR7)
#endif

/// The diagonals begin with the one that v8 is in, for sixteen_registers.h.
#define B3_ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15)                          \
    B3_FIRST_HALF(m[s0], m[s2], m[s4], m[s6], v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15)\
    B3_SECOND_HALF(m[s1], m[s3], m[s5], m[s7], v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15)\
    B3_FIRST_HALF(m[s12], m[s14], m[s8], m[s10], v2, v3, v0, v1, v7, v4, v5, v6, v8, v9, v10, v11, v13, v14, v15, v12)\
    B3_SECOND_HALF(m[s13], m[s15], m[s9], m[s11], v2, v3, v0, v1, v7, v4, v5, v6, v8, v9, v10, v11, v13, v14, v15, v12)

/// Replaces each lane's chaining value in `h` by its compression with that lane's block.
B3_TARGET static inline __attribute__((always_inline)) void B3_NAME(compress)(
    B3_VECTOR h[8], const uint8_t *const lane[B3_LANES], B3_VECTOR counter_low, B3_VECTOR counter_high,
    B3_VECTOR lengths, B3_VECTOR flags) {
    B3_VECTOR m[16];
    B3_NAME(load_blocks)(m, lane);
    B3_VECTOR v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3], v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    B3_VECTOR v8 = B3_SPLAT(B3_IV0), v9 = B3_SPLAT(B3_IV1), v10 = B3_SPLAT(B3_IV2), v11 = B3_SPLAT(B3_IV3);
    B3_VECTOR v12 = counter_low, v13 = counter_high, v14 = lengths, v15 = flags;

    B3_SEVEN_ROUNDS(B3_ROUND)

    h[0] = B3_XOR(v0, v8);
    h[1] = B3_XOR(v1, v9);
    h[2] = B3_XOR(v2, v10);
    h[3] = B3_XOR(v3, v11);
    h[4] = B3_XOR(v4, v12);
    h[5] = B3_XOR(v5, v13);
    h[6] = B3_XOR(v6, v14);
    h[7] = B3_XOR(v7, v15);
}

/// Writes the first `count` lanes' chaining values.
B3_TARGET static inline void B3_NAME(store_some)(const B3_VECTOR h[8], size_t count, uint8_t *out) {
    if (count == B3_LANES) {
        B3_NAME(store_cvs)(h, out);
    } else {
        uint8_t all[B3_LANES * CBLAKE3_CV_SIZE];
        B3_NAME(store_cvs)(h, all);
        memcpy(out, all, count * CBLAKE3_CV_SIZE);
    }
}

B3_TARGET static inline __attribute__((always_inline)) void B3_NAME(start)(B3_VECTOR h[8], const cblake3_key *key) {
    for (int i = 0; i < 8; ++i) {
        h[i] = B3_SPLAT(key->words[i]);
    }
}

/// 2...B3_LANES chunks. Idle lanes repeat lane 0, which is always a whole chunk, and their result is dropped; a
/// partial last chunk runs in its lane up to its last block, is taken out there, and repeats lane 0 from then on.
B3_TARGET static void B3_NAME(chunk_lanes)(const uint8_t *input, size_t length, const cblake3_key *key,
                                           uint64_t counter, uint8_t *out) {
    const size_t count = (length + CBLAKE3_CHUNK_SIZE - 1) / CBLAKE3_CHUNK_SIZE;
    const size_t last = count - 1;
    const size_t tail = length % CBLAKE3_CHUNK_SIZE;
    const size_t tail_block = tail == 0 ? B3_BLOCKS_PER_CHUNK : (tail - 1) / B3_BLOCK_SIZE;

    const uint8_t *lane[B3_LANES];
    uint32_t low[B3_LANES], high[B3_LANES];
    for (size_t i = 0; i < B3_LANES; ++i) {
        lane[i] = input + (i < count ? i * CBLAKE3_CHUNK_SIZE : 0);
        low[i] = (uint32_t)(counter + i);
        high[i] = (uint32_t)((counter + i) >> 32);
    }
    const B3_VECTOR counter_low = B3_LOAD(low), counter_high = B3_LOAD(high);

    B3_VECTOR h[8];
    B3_NAME(start)(h, key);
    uint8_t padded[B3_BLOCK_SIZE] = {0};
    uint8_t tail_cv[CBLAKE3_CV_SIZE] = {0};
    for (size_t block = 0; block < B3_BLOCKS_PER_CHUNK; ++block) {
        uint32_t flags = key->flags;
        flags |= block == 0 ? B3_CHUNK_START : 0;
        flags |= block == B3_BLOCKS_PER_CHUNK - 1 ? B3_CHUNK_END : 0;
        B3_VECTOR lane_lengths = B3_SPLAT(B3_BLOCK_SIZE), lane_flags = B3_SPLAT(flags);
        if (block == tail_block) {
            const size_t tail_length = tail - block * B3_BLOCK_SIZE;
            memcpy(padded, lane[last], tail_length);
            lane[last] = padded;
            uint32_t lengths_of[B3_LANES], flags_of[B3_LANES];
            for (size_t i = 0; i < B3_LANES; ++i) {
                lengths_of[i] = i == last ? (uint32_t)tail_length : B3_BLOCK_SIZE;
                flags_of[i] = i == last ? flags | B3_CHUNK_END : flags;
            }
            lane_lengths = B3_LOAD(lengths_of);
            lane_flags = B3_LOAD(flags_of);
        }
        B3_NAME(compress)(h, lane, counter_low, counter_high, lane_lengths, lane_flags);
        if (block == tail_block) {
            uint8_t all[B3_LANES * CBLAKE3_CV_SIZE];
            B3_NAME(store_cvs)(h, all);
            memcpy(tail_cv, all + last * CBLAKE3_CV_SIZE, CBLAKE3_CV_SIZE);
            lane[last] = lane[0];
        }
        for (size_t i = 0; i < B3_LANES; ++i) {
            lane[i] += B3_BLOCK_SIZE;
        }
    }
    B3_NAME(store_some)(h, count, out);
    if (tail != 0) {
        memcpy(out + last * CBLAKE3_CV_SIZE, tail_cv, CBLAKE3_CV_SIZE);
    }
}

/// 2...B3_LANES parents; idle lanes repeat lane 0. All children are read before anything is written.
B3_TARGET static void B3_NAME(parent_lanes)(const uint8_t *children, size_t count, const cblake3_key *key,
                                            uint8_t *out) {
    const uint8_t *lane[B3_LANES];
    for (size_t i = 0; i < B3_LANES; ++i) {
        lane[i] = children + (i < count ? i * B3_BLOCK_SIZE : 0);
    }
    B3_VECTOR h[8];
    B3_NAME(start)(h, key);
    B3_NAME(compress)(h, lane, B3_SPLAT(0), B3_SPLAT(0), B3_SPLAT(B3_BLOCK_SIZE), B3_SPLAT(key->flags | B3_PARENT));
    B3_NAME(store_some)(h, count, out);
}

#undef B3_HALF
#undef B3_FIRST_HALF
#undef B3_SECOND_HALF
#undef B3_ROUND
#undef B3_LANES
#undef B3_VECTOR
#undef B3_TARGET
#undef B3_NAME
#undef B3_ADD
#undef B3_XOR
#undef B3_ROR16
#undef B3_ROR12
#undef B3_ROR8
#undef B3_ROR7
#undef B3_SPLAT
#undef B3_LOAD
