// Sixteen elements of four bytes at a time. The shuffles are single instructions of every x86-64 and arm64, so nothing
// is chosen at run time.

#include "CByteGrouping.h"

#include <stdint.h>
#include <string.h>

#define LANES 16

typedef uint8_t lanes __attribute__((vector_size(LANES)));

/// The first halves of two vectors, or their second halves, a byte of the one and a byte of the other in turn.
#define FIRST(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define SECOND(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
/// The bytes at even, or at odd, positions of two vectors.
#define EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define ODD(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)

static inline lanes load(const uint8_t *source) {
    lanes value;
    memcpy(&value, source, sizeof value);
    return value;
}

static inline void store(uint8_t *target, lanes value) {
    memcpy(target, &value, sizeof value);
}

/// Where a group starts: `count % 4` of them are one byte longer.
static inline size_t start(size_t group, size_t count) {
    const size_t rest = count % 4;
    return group * (count / 4) + (group < rest ? group : rest);
}

void cbytegrouping_group(const void *source, size_t count, void *target) {
    const uint8_t *restrict from = source;
    uint8_t *restrict to = target;
    size_t element = 0;
    for (; element + LANES <= count / 4; element += LANES) {
        const uint8_t *elements = from + 4 * element;
        const lanes first = load(elements), second = load(elements + LANES);
        const lanes third = load(elements + 2 * LANES), fourth = load(elements + 3 * LANES);
        const lanes even_a = EVEN(first, second), even_b = EVEN(third, fourth);
        const lanes odd_a = ODD(first, second), odd_b = ODD(third, fourth);
        store(to + element, EVEN(even_a, even_b));
        store(to + start(1, count) + element, EVEN(odd_a, odd_b));
        store(to + start(2, count) + element, ODD(even_a, even_b));
        store(to + start(3, count) + element, ODD(odd_a, odd_b));
    }
    for (size_t position = 4 * element; position < count; ++position) {
        to[start(position % 4, count) + position / 4] = from[position];
    }
}

void cbytegrouping_ungroup(const void *source, size_t count, void *target) {
    const uint8_t *restrict from = source;
    uint8_t *restrict to = target;
    size_t element = 0;
    for (; element + LANES <= count / 4; element += LANES) {
        const lanes zero = load(from + element), one = load(from + start(1, count) + element);
        const lanes two = load(from + start(2, count) + element), three = load(from + start(3, count) + element);
        const lanes even_a = FIRST(zero, two), even_b = SECOND(zero, two);
        const lanes odd_a = FIRST(one, three), odd_b = SECOND(one, three);
        uint8_t *elements = to + 4 * element;
        store(elements, FIRST(even_a, odd_a));
        store(elements + LANES, SECOND(even_a, odd_a));
        store(elements + 2 * LANES, FIRST(even_b, odd_b));
        store(elements + 3 * LANES, SECOND(even_b, odd_b));
    }
    for (size_t position = 4 * element; position < count; ++position) {
        to[position] = from[start(position % 4, count) + position / 4];
    }
}
