#include "ccrc64.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define HAS_FOLDING 1
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#define HAS_FOLDING 1
#endif

// Bit i of a word stands for x^(63 - i), as the bits of the message come.
static const uint64_t polynomial = 0x9a6c9329ac4bc9b5;

// table[k][b]: what a byte b does that k bytes follow in a word.
static uint64_t table[8][256];
// x^n modulo the polynomial, for what lies 16 and 64 bytes ahead: of the first and of the second half of a block. The
// product of two reflected words stands one bit too high, hence n is one less than the distance.
static uint64_t ahead16[2], ahead64[2];
static int folding;

static uint64_t times_x(uint64_t value) { return value >> 1 ^ (value & 1 ? polynomial : 0); }

static uint64_t power(unsigned exponent) {
    uint64_t value = UINT64_C(1) << 63;
    while (exponent-- > 0) value = times_x(value);
    return value;
}

static int detect(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
#elif defined(__aarch64__) && defined(__linux__)
    return (getauxval(AT_HWCAP) >> 4 & 1) != 0; // HWCAP_PMULL
#elif defined(__aarch64__) && defined(__APPLE__)
    return 1;
#else
    return 0;
#endif
}

__attribute__((constructor)) static void prepare(void) {
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = times_x(value);
        table[0][byte] = value;
    }
    for (int k = 1; k < 8; k++)
        for (unsigned byte = 0; byte < 256; byte++) {
            uint64_t before = table[k - 1][byte];
            table[k][byte] = before >> 8 ^ table[0][before & 0xff];
        }
    ahead16[0] = power(128 + 64 - 1);
    ahead16[1] = power(128 - 1);
    ahead64[0] = power(512 + 64 - 1);
    ahead64[1] = power(512 - 1);
    folding = detect();
}

static uint64_t word(const unsigned char *bytes) {
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) value = value << 8 | bytes[i];
    return value;
}

// The state after `count` more bytes.
static uint64_t by_table(uint64_t state, const unsigned char *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t value = state ^ word(bytes);
        state = 0;
        for (int k = 0; k < 8; k++) state ^= table[7 - k][value >> 8 * k & 0xff];
    }
    for (; count > 0; bytes++, count--) state = state >> 8 ^ table[0][(state ^ *bytes) & 0xff];
    return state;
}

#if defined(__x86_64__)

typedef __m128i block;
#define FOLDING __attribute__((target("pclmul,sse4.1")))

FOLDING static inline block load(const unsigned char *bytes) { return _mm_loadu_si128((const block *)bytes); }
FOLDING static inline block add(block one, block other) { return _mm_xor_si128(one, other); }
FOLDING static inline block pair(uint64_t first, uint64_t second) {
    return _mm_set_epi64x((long long)second, (long long)first);
}
FOLDING static inline block times(block value, block factors) {
    return add(_mm_clmulepi64_si128(value, factors, 0x00), _mm_clmulepi64_si128(value, factors, 0x11));
}
FOLDING static inline void store(unsigned char *bytes, block value) { _mm_storeu_si128((block *)bytes, value); }

#elif defined(__aarch64__)

typedef uint64x2_t block;
#define FOLDING __attribute__((target("+aes")))

FOLDING static inline block load(const unsigned char *bytes) { return vreinterpretq_u64_u8(vld1q_u8(bytes)); }
FOLDING static inline block add(block one, block other) { return veorq_u64(one, other); }
FOLDING static inline block pair(uint64_t first, uint64_t second) {
    return vcombine_u64(vcreate_u64(first), vcreate_u64(second));
}
FOLDING static inline block half(block value, block factors, int index) {
    poly64_t one = (poly64_t)(index == 0 ? vgetq_lane_u64(value, 0) : vgetq_lane_u64(value, 1));
    poly64_t other = (poly64_t)(index == 0 ? vgetq_lane_u64(factors, 0) : vgetq_lane_u64(factors, 1));
    return vreinterpretq_u64_p128(vmull_p64(one, other));
}
FOLDING static inline block times(block value, block factors) {
    return add(half(value, factors, 0), half(value, factors, 1));
}
FOLDING static inline void store(unsigned char *bytes, block value) { vst1q_u8(bytes, vreinterpretq_u8_u64(value)); }

#endif

#if defined(HAS_FOLDING)

// Four blocks are carried along, each added to what lies 64 bytes ahead; at the end they are one, which has the same remainder
// as all that it stands for. `count` is at least 64.
FOLDING static uint64_t by_folding(uint64_t state, const unsigned char *bytes, size_t count) {
    const block far = pair(ahead64[0], ahead64[1]), near = pair(ahead16[0], ahead16[1]);
    block a = add(load(bytes), pair(state, 0)), b = load(bytes + 16), c = load(bytes + 32), d = load(bytes + 48);
    for (bytes += 64, count -= 64; count >= 64; bytes += 64, count -= 64) {
        a = add(times(a, far), load(bytes));
        b = add(times(b, far), load(bytes + 16));
        c = add(times(c, far), load(bytes + 32));
        d = add(times(d, far), load(bytes + 48));
    }
    b = add(times(a, near), b);
    c = add(times(b, near), c);
    d = add(times(c, near), d);
    for (; count >= 16; bytes += 16, count -= 16) d = add(times(d, near), load(bytes));
    unsigned char rest[16];
    store(rest, d);
    return by_table(by_table(0, rest, sizeof rest), bytes, count);
}

#endif

uint64_t ccrc64_update_as(ccrc64_form form, uint64_t crc, const void *bytes, size_t count) {
#if defined(HAS_FOLDING)
    if (form == CCRC64_FOLDING && count >= 64) return ~by_folding(~crc, bytes, count);
#endif
    (void)form;
    return ~by_table(~crc, bytes, count);
}

uint64_t ccrc64_update(uint64_t crc, const void *bytes, size_t count) {
    return ccrc64_update_as(folding ? CCRC64_FOLDING : CCRC64_PORTABLE, crc, bytes, count);
}

int ccrc64_has(ccrc64_form form) { return form == CCRC64_PORTABLE || (form == CCRC64_FOLDING && folding); }
