// Reads the key in hex, then lines "length hash keyed", and checks every available kernel: one-shot at four
// alignments, and in pieces. Inputs are the pattern of Tests/Vectors/blake3.json. Exits 1 at the first difference.

#include <stdio.h>
#include <stdlib.h>

#include "CBLAKE3.h"

static const char *const names[] = {"portable", "SSE4.1", "AVX2", "AVX-512", "NEON"};

static const cblake3_key plain = {{0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                   0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19}, 0};

static void parse(const char *hex, uint8_t out[32]) {
    for (int i = 0; i < 32; ++i) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1) {
            fprintf(stderr, "not 64 hex digits: %s\n", hex);
            exit(2);
        }
        out[i] = (uint8_t)byte;
    }
}

static void in_pieces(cblake3_kernel kernel, const cblake3_key *key, const uint8_t *input, size_t length,
                      size_t step, uint8_t digest[32]) {
    uint8_t pending[CBLAKE3_PENDING_SIZE];
    size_t chunks = 0;
    const size_t whole = length == 0 ? 0 : (length - 1) / CBLAKE3_CHUNK_SIZE;
    while (chunks < whole) {
        const size_t count = whole - chunks < step ? whole - chunks : step;
        cblake3_append(kernel, key, chunks, input + chunks * CBLAKE3_CHUNK_SIZE, count, pending);
        chunks += count;
    }
    cblake3_finish(kernel, key, chunks, input + chunks * CBLAKE3_CHUNK_SIZE, length - chunks * CBLAKE3_CHUNK_SIZE,
                   pending, digest);
}

static int differs(const uint8_t a[32], const uint8_t b[32]) {
    for (int i = 0; i < 32; ++i) {
        if (a[i] != b[i]) {
            return 1;
        }
    }
    return 0;
}

static void check(const cblake3_key *key, size_t length, const uint8_t expected[32], size_t counts[5]) {
    for (size_t offset = 0; offset < 4; ++offset) {
        // Exactly as long as the input, so that a memory checker sees any read past its end.
        uint8_t *room = malloc(length + offset + 1);
        if (!room) {
            fprintf(stderr, "no memory for %zu bytes\n", length);
            exit(2);
        }
        uint8_t *input = room + 1 + offset;
        for (size_t i = 0; i < length; ++i) {
            input[i] = (uint8_t)(i % 251);
        }
        for (cblake3_kernel kernel = CBLAKE3_PORTABLE; kernel <= CBLAKE3_NEON; ++kernel) {
            if (!cblake3_is_available(kernel)) {
                continue;
            }
            uint8_t digest[32];
            cblake3_hash(kernel, key, input, length, digest);
            int bad = differs(digest, expected);
            const size_t steps[] = {1, 3, 7, 16, 129, 1000};
            for (size_t i = 0; i < sizeof steps / sizeof *steps; ++i) {
                in_pieces(kernel, key, input, length, steps[i], digest);
                bad |= differs(digest, expected);
            }
            if (bad) {
                printf("%s differs at length %zu, offset %zu\n", names[kernel], length, offset);
                exit(1);
            }
            counts[kernel] += 1 + sizeof steps / sizeof *steps;
        }
        free(room);
    }
}

int main(void) {
    char first[65], second[65];
    size_t length, counts[5] = {0};
    uint8_t expected[32];
    if (scanf("%64s", first) != 1) {
        fprintf(stderr, "no key\n");
        return 2;
    }
    cblake3_key keyed = {.flags = CBLAKE3_KEYED_HASH};
    parse(first, expected);
    for (int i = 0; i < 8; ++i) {
        keyed.words[i] = (uint32_t)expected[4 * i] | (uint32_t)expected[4 * i + 1] << 8 |
                         (uint32_t)expected[4 * i + 2] << 16 | (uint32_t)expected[4 * i + 3] << 24;
    }
    size_t cases = 0;
    for (; scanf("%zu %64s %64s", &length, first, second) == 3; ++cases) {
        parse(first, expected);
        check(&plain, length, expected, counts);
        parse(second, expected);
        check(&keyed, length, expected, counts);
    }
    if (cases == 0) {
        fprintf(stderr, "no cases\n");
        return 2;
    }
    for (int kernel = 0; kernel < 5; ++kernel) {
        if (counts[kernel] > 0) {
            printf("%s: %zu digests agree\n", names[kernel], counts[kernel]);
        }
    }
    return 0;
}
