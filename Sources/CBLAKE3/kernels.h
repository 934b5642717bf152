// What the kernels share: constants of the compression function, and the form in which a kernel is offered.

#ifndef CBLAKE3_KERNELS_H
#define CBLAKE3_KERNELS_H

#include <string.h>

#include "CBLAKE3.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define CBLAKE3_X86 1
#endif

#if defined(__aarch64__) && defined(__ARM_NEON) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define CBLAKE3_ARM64 1
#endif

#define B3_BLOCK_SIZE 64
#define B3_BLOCKS_PER_CHUNK (CBLAKE3_CHUNK_SIZE / B3_BLOCK_SIZE)
/// Widest kernel; sizes buffers that serve all of them.
#define B3_MAX_LANES 16

enum {
    B3_CHUNK_START = 1,
    B3_CHUNK_END = 2,
    B3_PARENT = 4,
    B3_ROOT = 8,
};

/// The initial value of SHA-256; the first half also fills words 8...11 of every compression's state.
#define B3_IV0 0x6A09E667u
#define B3_IV1 0xBB67AE85u
#define B3_IV2 0x3C6EF372u
#define B3_IV3 0xA54FF53Au

/// Runs ROUND once for each of the seven rounds with the order in which that round takes the message words.
/// Row r + 1 is row r under the permutation (2 6 3 10 7 0 4 13 1 11 12 5 9 14 15 8).
#define B3_SEVEN_ROUNDS(ROUND)                                    \
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)   \
    ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)   \
    ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1)   \
    ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6)   \
    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4)   \
    ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7)   \
    ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13)

/// One kernel. Chaining values are 32 bytes, words little-endian, packed without gaps.
typedef struct {
    /// How many nodes the lane functions take at once; 1 when there are none.
    size_t lanes;
    /// One chunk of 0...1024 bytes. `root` is B3_ROOT when it is the only chunk of the input, else 0.
    void (*chunk)(const uint8_t *input, size_t length, const cblake3_key *key, uint64_t counter, uint32_t root,
                  uint8_t *out);
    /// One parent of the two chaining values at `children`.
    void (*parent)(const uint8_t *children, const cblake3_key *key, uint32_t root, uint8_t *out);
    /// 2...lanes consecutive chunks in `length` bytes, all whole but perhaps the last; `counter` is the first one's.
    void (*chunk_lanes)(const uint8_t *input, size_t length, const cblake3_key *key, uint64_t counter, uint8_t *out);
    /// 2...lanes parents of twice as many chaining values. `out` may be `children`.
    void (*parent_lanes)(const uint8_t *children, size_t count, const cblake3_key *key, uint8_t *out);
} b3_kernel;

extern const b3_kernel b3_portable;
#if CBLAKE3_X86
extern const b3_kernel b3_sse41;
extern const b3_kernel b3_avx2;
extern const b3_kernel b3_avx512;
#endif
#if CBLAKE3_ARM64
extern const b3_kernel b3_neon;
#endif

/// The available kernel's functions. A kernel that is not in this build is a mistake of the caller: portable serves.
const b3_kernel *b3_kernel_for(cblake3_kernel kernel);

/// Calls BODY(block, length, flags) for each block of a chunk; the last one is padded with zeros to 64 bytes.
/// An empty chunk has one block of length 0.
#define B3_FOR_EACH_BLOCK(INPUT, LENGTH, FLAGS, ROOT, BODY)                                    \
    do {                                                                                       \
        const uint8_t *block_ = (INPUT);                                                       \
        size_t left_ = (LENGTH);                                                               \
        uint32_t flags_ = (FLAGS) | B3_CHUNK_START;                                            \
        while (left_ > B3_BLOCK_SIZE) {                                                        \
            BODY(block_, B3_BLOCK_SIZE, flags_);                                               \
            block_ += B3_BLOCK_SIZE;                                                           \
            left_ -= B3_BLOCK_SIZE;                                                            \
            flags_ = (FLAGS);                                                                  \
        }                                                                                      \
        flags_ |= B3_CHUNK_END | (ROOT);                                                       \
        if (left_ == B3_BLOCK_SIZE) {                                                          \
            BODY(block_, B3_BLOCK_SIZE, flags_);                                               \
        } else {                                                                               \
            uint8_t padded_[B3_BLOCK_SIZE] = {0};                                              \
            if (left_ > 0) {                                                                   \
                memcpy(padded_, block_, left_);                                                \
            }                                                                                  \
            BODY(padded_, (uint32_t)left_, flags_);                                            \
        }                                                                                      \
    } while (0)

#endif
