// Groups and ungroups buffers of many lengths at many places in memory. Exits 1 at the first difference from the plain
// form, or when a byte around the target changed.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CByteGrouping.h"

#define AROUND 0xA5

static uint8_t *room(size_t count) {
    uint8_t *bytes = malloc(count);
    if (!bytes) {
        fprintf(stderr, "no memory for %zu bytes\n", count);
        exit(2);
    }
    return bytes;
}

static void plain_group(const uint8_t *source, size_t count, uint8_t *target) {
    for (size_t group = 0; group < 4; ++group) {
        for (size_t position = group; position < count; position += 4) {
            *target++ = source[position];
        }
    }
}

typedef void kernel(const void *, size_t, void *);

static void check(const char *name, kernel *kernel, const uint8_t *source, const uint8_t *expected, size_t count,
                  size_t offset) {
    // Exactly as long as needed, so that a memory checker sees any access past the end.
    uint8_t *source_room = room(count + offset + 1), *target_room = room(count + offset + 1);
    memcpy(source_room + offset + 1, source, count);
    memset(target_room, AROUND, count + offset + 1);
    kernel(source_room + offset + 1, count, target_room + offset + 1);
    int bad = memcmp(target_room + offset + 1, expected, count) != 0;
    for (size_t i = 0; i <= offset; ++i) {
        bad |= target_room[i] != AROUND;
    }
    if (bad) {
        printf("%s differs at length %zu, offset %zu\n", name, count, offset);
        exit(1);
    }
    free(source_room);
    free(target_room);
}

int main(void) {
    enum { SHORT = 300, LONGEST = 131072 };
    const size_t long_counts[] = {1000, 8191, 65537, LONGEST - 3, LONGEST - 2, LONGEST - 1, LONGEST};
    uint8_t *original = room(LONGEST), *grouped = room(LONGEST);
    uint32_t state = 1;
    for (size_t i = 0; i < LONGEST; ++i) {
        state = state * 1664525u + 1013904223u;
        original[i] = (uint8_t)(state >> 24);
    }
    size_t cases = 0;
    for (size_t i = 0; i <= SHORT + sizeof long_counts / sizeof *long_counts; ++i) {
        const size_t count = i <= SHORT ? i : long_counts[i - SHORT - 1];
        plain_group(original, count, grouped);
        for (size_t offset = 0; offset < 17; ++offset, ++cases) {
            check("grouping", cbytegrouping_group, original, grouped, count, offset);
            check("ungrouping", cbytegrouping_ungroup, grouped, original, count, offset);
        }
    }
    free(original);
    free(grouped);
    printf("byte grouping: %zu cases agree, both ways\n", cases);
    return 0;
}
