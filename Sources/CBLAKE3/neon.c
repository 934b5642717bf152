// NEON: four lanes; single nodes in the plain form, which the 31 registers of arm64 suit well.

#include "kernels.h"

#if CBLAKE3_ARM64

#include <arm_neon.h>

#define B3_LANES 4
#define B3_VECTOR uint32x4_t
#define B3_TARGET
#define B3_NAME(x) neon_##x
#define B3_ADD(x, y) vaddq_u32(x, y)
#define B3_XOR(x, y) veorq_u32(x, y)
#define B3_ROR16(x) vreinterpretq_u32_u16(vrev32q_u16(vreinterpretq_u16_u32(x)))
#define B3_ROR12(x) neon_ror12(x)
#define B3_ROR8(x) neon_ror8(x)
#define B3_ROR7(x) neon_ror7(x)
#define B3_SPLAT(word) vdupq_n_u32(word)
#define B3_LOAD(words) vld1q_u32(words)

static inline __attribute__((always_inline)) uint32x4_t neon_ror12(uint32x4_t x) {
    return vsriq_n_u32(vshlq_n_u32(x, 20), x, 12);
}

static inline __attribute__((always_inline)) uint32x4_t neon_ror8(uint32x4_t x) {
    static const uint8_t order[16] = {1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12};
    return vreinterpretq_u32_u8(vqtbl1q_u8(vreinterpretq_u8_u32(x), vld1q_u8(order)));
}

static inline __attribute__((always_inline)) uint32x4_t neon_ror7(uint32x4_t x) {
    return vsriq_n_u32(vshlq_n_u32(x, 25), x, 7);
}

/// Turns four rows of four words into four columns.
static inline __attribute__((always_inline)) void neon_transpose(uint32x4_t r0, uint32x4_t r1, uint32x4_t r2,
                                                                 uint32x4_t r3, uint32x4_t out[4]) {
    const uint64x2_t even01 = vreinterpretq_u64_u32(vtrn1q_u32(r0, r1));
    const uint64x2_t odd01 = vreinterpretq_u64_u32(vtrn2q_u32(r0, r1));
    const uint64x2_t even23 = vreinterpretq_u64_u32(vtrn1q_u32(r2, r3));
    const uint64x2_t odd23 = vreinterpretq_u64_u32(vtrn2q_u32(r2, r3));
    out[0] = vreinterpretq_u32_u64(vtrn1q_u64(even01, even23));
    out[1] = vreinterpretq_u32_u64(vtrn1q_u64(odd01, odd23));
    out[2] = vreinterpretq_u32_u64(vtrn2q_u64(even01, even23));
    out[3] = vreinterpretq_u32_u64(vtrn2q_u64(odd01, odd23));
}

/// Four words from any address.
static inline __attribute__((always_inline)) uint32x4_t neon_load(const uint8_t *bytes) {
    return vreinterpretq_u32_u8(vld1q_u8(bytes));
}

static inline __attribute__((always_inline)) void neon_load_blocks(uint32x4_t m[16], const uint8_t *const lane[4]) {
    const uint8_t *p0 = lane[0], *p1 = lane[1], *p2 = lane[2], *p3 = lane[3];
    neon_transpose(neon_load(p0), neon_load(p1), neon_load(p2), neon_load(p3), m);
    neon_transpose(neon_load(p0 + 16), neon_load(p1 + 16), neon_load(p2 + 16), neon_load(p3 + 16), m + 4);
    neon_transpose(neon_load(p0 + 32), neon_load(p1 + 32), neon_load(p2 + 32), neon_load(p3 + 32), m + 8);
    neon_transpose(neon_load(p0 + 48), neon_load(p1 + 48), neon_load(p2 + 48), neon_load(p3 + 48), m + 12);
}

static inline void neon_store_cvs(const uint32x4_t h[8], uint8_t *out) {
    uint32x4_t low[4], high[4];
    neon_transpose(h[0], h[1], h[2], h[3], low);
    neon_transpose(h[4], h[5], h[6], h[7], high);
    for (int i = 0; i < 4; ++i) {
        vst1q_u8(out + i * CBLAKE3_CV_SIZE, vreinterpretq_u8_u32(low[i]));
        vst1q_u8(out + i * CBLAKE3_CV_SIZE + 16, vreinterpretq_u8_u32(high[i]));
    }
}

#include "lanes.h"

static void neon_chunk(const uint8_t *input, size_t length, const cblake3_key *key, uint64_t counter, uint32_t root,
                       uint8_t *out) {
    b3_portable.chunk(input, length, key, counter, root, out);
}

static void neon_parent(const uint8_t *children, const cblake3_key *key, uint32_t root, uint8_t *out) {
    b3_portable.parent(children, key, root, out);
}

const b3_kernel b3_neon = {
    .lanes = 4,
    .chunk = neon_chunk,
    .parent = neon_parent,
    .chunk_lanes = neon_chunk_lanes,
    .parent_lanes = neon_parent_lanes,
};

#endif
