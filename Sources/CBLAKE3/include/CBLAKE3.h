// BLAKE3 (plain and keyed, 32-byte output): kernels for several instruction sets and the tree above them.
//
// No function allocates, keeps a pointer, or writes outside what its comment names. Pointers need no alignment.

#ifndef CBLAKE3_H
#define CBLAKE3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes of a chunk, the leaf of the tree; only the last chunk of an input may be shorter.
#define CBLAKE3_CHUNK_SIZE 1024
/// Bytes of a chaining value, and of a digest.
#define CBLAKE3_CV_SIZE 32
/// Levels of the tallest tree: 2^64 bytes are 2^54 chunks.
#define CBLAKE3_MAX_LEVELS 54
/// Bytes of the store for subtrees that wait for their right sibling.
#define CBLAKE3_PENDING_SIZE (CBLAKE3_MAX_LEVELS * CBLAKE3_CV_SIZE)

/// Value of `cblake3_key.flags` for the keyed hash; the plain hash has none.
#define CBLAKE3_KEYED_HASH 16u

/// An instruction set that the hash is written for.
typedef enum {
    CBLAKE3_PORTABLE = 0,
    CBLAKE3_SSE41 = 1,
    CBLAKE3_AVX2 = 2,
    CBLAKE3_AVX512 = 3,
    CBLAKE3_NEON = 4,
} cblake3_kernel;

/// What every node of one tree starts from: the key (or the standard initial value) and the mode flag.
typedef struct {
    uint32_t words[8];
    uint32_t flags;
} cblake3_key;

/// Whether this build contains the kernel and the processor and the operating system can run it. Executes `cpuid`,
/// which is slow under a hypervisor: callers keep the answer.
bool cblake3_is_available(cblake3_kernel kernel);

/// Hashes `length` bytes at `input` into the 32 bytes at `digest`.
///
/// The kernel must be available. `input` may be null when `length` is 0.
void cblake3_hash(cblake3_kernel kernel, const cblake3_key *key, const void *input, size_t length, void *digest);

/// Adds `count` whole chunks at `input` to a tree that holds `first_chunk` chunks already.
///
/// At least one more byte of input must follow later, through this function or `cblake3_finish`: none of the nodes
/// made here can be the root. `pending` is CBLAKE3_PENDING_SIZE bytes of the tree's own state: slot L is in use when
/// bit L of the number of chunks is set, and then holds the chaining value of a whole subtree of 2^L chunks.
void cblake3_append(cblake3_kernel kernel, const cblake3_key *key, uint64_t first_chunk, const void *input,
                    size_t count, void *pending);

/// Hashes the last `length` bytes of an input whose first `first_chunk` chunks were appended to `pending`.
///
/// `length` is at most CBLAKE3_CHUNK_SIZE, and not 0 unless the whole input is empty. Writes 32 bytes to `digest`;
/// `pending` is left as it was.
void cblake3_finish(cblake3_kernel kernel, const cblake3_key *key, uint64_t first_chunk, const void *input,
                    size_t length, const void *pending, void *digest);

#ifdef __cplusplus
}
#endif

#endif
