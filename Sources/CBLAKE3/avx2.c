// AVX2: eight lanes; single nodes as with SSE4.1.

#include "kernels.h"

#if CBLAKE3_X86

#include "eight_lanes.h"
#include "sixteen_registers.h"
#include "sse41_row.h"

#define B3_LANES 8
#define B3_VECTOR __m256i
#define B3_TARGET __attribute__((target("avx2")))
#define B3_NAME(x) avx2_##x
#define B3_ADD(x, y) _mm256_add_epi32(x, y)
#define B3_XOR(x, y) _mm256_xor_si256(x, y)
#define B3_SPLAT(word) _mm256_set1_epi32((int)(word))
#define B3_LOAD(words) _mm256_loadu_si256((const __m256i *)(words))

#define avx2_load_blocks eight_load_blocks
#define avx2_store_cvs eight_store_cvs

#define B3_OP(operation, source, target) "v" operation " " source ", " target ", " target "\n\t"
#define B3_SUM(left, right, target) "vpaddd " left ", " right ", " target "\n\t"
#define B3_MOVE(source, target) "vmovdqa " source ", " target "\n\t"
#define B3_ROTATE(target, right, left)                              \
    "vpsrld $" right ", " target ", %[t]\n\t"                       \
    "vpslld $" left ", " target ", " target "\n\t"                  \
    B3_OP("por", "%[t]", target)

#include "lanes.h"

const b3_kernel b3_avx2 = {
    .lanes = 8,
    .chunk = sse41_chunk,
    .parent = sse41_parent,
    .chunk_lanes = avx2_chunk_lanes,
    .parent_lanes = avx2_parent_lanes,
};

#endif
