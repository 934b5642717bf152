// The tree over the chunks, level by level, so that parents run in lanes too.
//
// BLAKE3's tree gives the left child the largest power of two of chunks that leaves the right child at least one.
// Pairing neighbours on each level and carrying an odd last node up unchanged builds the same tree. Nodes of an
// unfinished input wait in `pending`, which works like a binary counter: slot L is in use when bit L of the number of
// chunks is set.

#include "kernels.h"

/// Chunks taken between two visits of `pending`: their chaining values, 4 KiB, stay in the first cache level.
/// Levels with fewer nodes than lanes cost one step each with idle lanes, about 1 % of the time at this size.
#define BATCH 128

/// Chaining values of a batch, with one place in front for the left sibling of the first.
typedef struct {
    uint8_t bytes[(BATCH + 1) * CBLAKE3_CV_SIZE];
} batch;

static void hash_chunks(const b3_kernel *kernel, const cblake3_key *key, uint64_t counter, const uint8_t *input,
                        size_t length, uint8_t *out) {
    while (length > 0) {
        size_t part = length < kernel->lanes * CBLAKE3_CHUNK_SIZE ? length : kernel->lanes * CBLAKE3_CHUNK_SIZE;
        if (part <= CBLAKE3_CHUNK_SIZE) {
            kernel->chunk(input, part, key, counter, 0, out);
        } else {
            kernel->chunk_lanes(input, part, key, counter, out);
        }
        input += part;
        length -= part;
        counter += kernel->lanes;
        out += kernel->lanes * CBLAKE3_CV_SIZE;
    }
}

/// Replaces `2 * count` chaining values by their `count` parents, in place.
static void hash_parents(const b3_kernel *kernel, const cblake3_key *key, size_t count, uint8_t *nodes) {
    const uint8_t *children = nodes;
    while (count > 0) {
        size_t part = count < kernel->lanes ? count : kernel->lanes;
        if (part == 1) {
            kernel->parent(children, key, 0, nodes);
        } else {
            kernel->parent_lanes(children, part, key, nodes);
        }
        children += part * 2 * CBLAKE3_CV_SIZE;
        nodes += part * CBLAKE3_CV_SIZE;
        count -= part;
    }
}

/// Adds 1...BATCH whole chunks to the tree.
static void append_batch(const b3_kernel *kernel, const cblake3_key *key, uint64_t first_chunk, const uint8_t *input,
                         size_t count, uint8_t *pending) {
    batch store;
    uint8_t *const first = store.bytes + CBLAKE3_CV_SIZE;
    hash_chunks(kernel, key, first_chunk, input, count * CBLAKE3_CHUNK_SIZE, first);

    uint64_t index = first_chunk;
    for (size_t nodes = count; nodes > 0; index >>= 1, pending += CBLAKE3_CV_SIZE) {
        uint8_t *start = first;
        if (index & 1) {
            start -= CBLAKE3_CV_SIZE;
            memcpy(start, pending, CBLAKE3_CV_SIZE);
            nodes += 1;
        }
        if (nodes & 1) {
            memcpy(pending, start + (nodes - 1) * CBLAKE3_CV_SIZE, CBLAKE3_CV_SIZE);
        }
        nodes /= 2;
        hash_parents(kernel, key, nodes, start);
        if (start != first) {
            memmove(first, start, nodes * CBLAKE3_CV_SIZE);
        }
    }
}

/// Hashes the last 1...BATCH chunks, or the empty input, and everything above them.
static void finish_batch(const b3_kernel *kernel, const cblake3_key *key, uint64_t first_chunk, const uint8_t *input,
                         size_t length, const uint8_t *pending, uint8_t *digest) {
    if (first_chunk == 0 && length <= CBLAKE3_CHUNK_SIZE) {
        kernel->chunk(input, length, key, 0, B3_ROOT, digest);
        return;
    }
    batch store;
    uint8_t *const first = store.bytes + CBLAKE3_CV_SIZE;
    hash_chunks(kernel, key, first_chunk, input, length, first);

    size_t nodes = (length + CBLAKE3_CHUNK_SIZE - 1) / CBLAKE3_CHUNK_SIZE;
    for (uint64_t index = first_chunk;; index >>= 1, pending += CBLAKE3_CV_SIZE) {
        uint8_t *start = first;
        if (index & 1) {
            start -= CBLAKE3_CV_SIZE;
            memcpy(start, pending, CBLAKE3_CV_SIZE);
            nodes += 1;
        }
        if (nodes == 2 && index <= 1) {
            kernel->parent(start, key, B3_ROOT, digest);
            return;
        }
        const size_t pairs = nodes / 2;
        hash_parents(kernel, key, pairs, start);
        if (nodes & 1) {
            memmove(start + pairs * CBLAKE3_CV_SIZE, start + 2 * pairs * CBLAKE3_CV_SIZE, CBLAKE3_CV_SIZE);
        }
        nodes -= pairs;
        if (start != first) {
            memmove(first, start, nodes * CBLAKE3_CV_SIZE);
        }
    }
}

void cblake3_append(cblake3_kernel kernel, const cblake3_key *key, uint64_t first_chunk, const void *input,
                    size_t count, void *pending) {
    const b3_kernel *functions = b3_kernel_for(kernel);
    const uint8_t *bytes = input;
    while (count > 0) {
        const size_t part = count < BATCH ? count : BATCH;
        append_batch(functions, key, first_chunk, bytes, part, pending);
        first_chunk += part;
        bytes += part * CBLAKE3_CHUNK_SIZE;
        count -= part;
    }
}

void cblake3_finish(cblake3_kernel kernel, const cblake3_key *key, uint64_t first_chunk, const void *input,
                    size_t length, const void *pending, void *digest) {
    finish_batch(b3_kernel_for(kernel), key, first_chunk, input, length, pending, digest);
}

void cblake3_hash(cblake3_kernel kernel, const cblake3_key *key, const void *input, size_t length, void *digest) {
    const b3_kernel *functions = b3_kernel_for(kernel);
    const uint8_t *bytes = input;
    uint8_t pending[CBLAKE3_PENDING_SIZE];
    uint64_t first_chunk = 0;
    while (length > BATCH * CBLAKE3_CHUNK_SIZE) {
        append_batch(functions, key, first_chunk, bytes, BATCH, pending);
        first_chunk += BATCH;
        bytes += BATCH * CBLAKE3_CHUNK_SIZE;
        length -= BATCH * CBLAKE3_CHUNK_SIZE;
    }
    finish_batch(functions, key, first_chunk, bytes, length, pending, digest);
}
