// AVX2: eight lanes; single nodes as with SSE4.1.

#include "kernels.h"

#if CBLAKE3_X86

#include "eight_lanes.h"
#include "sse41_row.h"

#define B3_LANES 8
#define B3_VECTOR __m256i
#define B3_TARGET __attribute__((target("avx2")))
#define B3_NAME(x) avx2_##x
#define B3_ADD(x, y) _mm256_add_epi32(x, y)
#define B3_XOR(x, y) _mm256_xor_si256(x, y)
#define B3_ROR16(x) avx2_ror16(x)
#define B3_ROR12(x) avx2_ror12(x)
#define B3_ROR8(x) avx2_ror8(x)
#define B3_ROR7(x) avx2_ror7(x)
#define B3_SPLAT(word) _mm256_set1_epi32((int)(word))
#define B3_LOAD(words) _mm256_loadu_si256((const __m256i *)(words))

#define avx2_load_blocks eight_load_blocks
#define avx2_store_cvs eight_store_cvs

B3_TARGET static inline __attribute__((always_inline)) __m256i avx2_ror16(__m256i x) {
    return _mm256_shuffle_epi8(x, _mm256_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
                                                   2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
}

B3_TARGET static inline __attribute__((always_inline)) __m256i avx2_ror8(__m256i x) {
    return _mm256_shuffle_epi8(x, _mm256_setr_epi8(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12,
                                                   1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12));
}

B3_TARGET static inline __attribute__((always_inline)) __m256i avx2_ror12(__m256i x) {
    return _mm256_or_si256(_mm256_srli_epi32(x, 12), _mm256_slli_epi32(x, 20));
}

B3_TARGET static inline __attribute__((always_inline)) __m256i avx2_ror7(__m256i x) {
    return _mm256_or_si256(_mm256_srli_epi32(x, 7), _mm256_slli_epi32(x, 25));
}

#include "lanes.h"

const b3_kernel b3_avx2 = {
    .lanes = 8,
    .chunk = sse41_chunk,
    .parent = sse41_parent,
    .chunk_lanes = avx2_chunk_lanes,
    .parent_lanes = avx2_parent_lanes,
};

#endif
