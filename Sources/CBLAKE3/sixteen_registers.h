// The halves of G for lanes.h by hand: what SSE4.1 and AVX2 have is sixteen registers, and byte shuffles instead of
// rotations by 16 and 8.
//
// Compilers do worse from intrinsics. Clang understands the shuffles and makes others of them, two for the one by 16 and
// one on each side of an exclusive or for the one by 8, and it moves far more to memory than the one vector of the state
// that must be there; here that is v8. Two G functions side by side keep the processor as busy as four.
//
// The file that includes lanes.h includes this one before it, and defines pieces of assembly, of which sources may lie
// in memory:
//   B3_OP(operation, source, target)    target = target operation source
//   B3_SUM(left, right, target)         target = left + right
//   B3_MOVE(source, target)
//   B3_ROTATE(target, right, left)      by as many bits to the right, or 32 less these to the left; %[t] is free

#ifndef CBLAKE3_SIXTEEN_REGISTERS_H
#define CBLAKE3_SIXTEEN_REGISTERS_H

/// Byte shuffles that rotate words right by 16 and by 8.
static const uint8_t b3_order16[32] __attribute__((aligned(32))) = {
    2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
};
static const uint8_t b3_order8[32] __attribute__((aligned(32))) = {
    1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12,
};

/// c += d; b ^= c. In the first form c is in memory.
#define B3_FIRST_C                       \
    B3_SUM("%[c0]", "%[d0]", "%[t]")     \
    B3_OP("pxor", "%[t]", "%[b0]")       \
    B3_MOVE("%[t]", "%[c0]")
#define B3_OTHER_C                       \
    B3_OP("paddd", "%[d0]", "%[c0]")     \
    B3_OP("pxor", "%[c0]", "%[b0]")

/// Half of two G functions. `C0_STEPS` is one of the two forms above, and `C0_PLACE` the constraint that belongs to it.
#define B3_HALF_OF_TWO(C0_STEPS, C0_PLACE, X0, X1, A0, A1, B0, B1, C0, C1, D0, D1, ORDER, RIGHT, LEFT)       \
    do {                                                                                                     \
        B3_VECTOR t;                                                                                         \
        __asm__(B3_OP("paddd", "%[x0]", "%[a0]")                                                             \
                B3_OP("paddd", "%[x1]", "%[a1]")                                                             \
                B3_OP("paddd", "%[b0]", "%[a0]")                                                             \
                B3_OP("paddd", "%[b1]", "%[a1]")                                                             \
                B3_OP("pxor", "%[a0]", "%[d0]")                                                              \
                B3_OP("pxor", "%[a1]", "%[d1]")                                                              \
                B3_OP("pshufb", "%[order]", "%[d0]")                                                         \
                B3_OP("pshufb", "%[order]", "%[d1]")                                                         \
                C0_STEPS                                                                                     \
                B3_OP("paddd", "%[d1]", "%[c1]")                                                             \
                B3_OP("pxor", "%[c1]", "%[b1]")                                                              \
                B3_ROTATE("%[b0]", RIGHT, LEFT)                                                              \
                B3_ROTATE("%[b1]", RIGHT, LEFT)                                                              \
                : [a0] "+x"(A0), [a1] "+x"(A1), [b0] "+x"(B0), [b1] "+x"(B1), [c0] C0_PLACE(C0),             \
                  [c1] "+x"(C1), [d0] "+x"(D0), [d1] "+x"(D1), [t] "=&x"(t)                                  \
                : [x0] "m"(X0), [x1] "m"(X1), [order] "m"(ORDER));                                           \
    } while (0);

#define B3_HALF(X0, X1, X2, X3, A0, A1, A2, A3, B0, B1, B2, B3, C0, C1, C2, C3, D0, D1, D2, D3, ORDER, RIGHT, LEFT) \
    B3_HALF_OF_TWO(B3_FIRST_C, "+m", X0, X1, A0, A1, B0, B1, C0, C1, D0, D1, ORDER, RIGHT, LEFT)                     \
    B3_HALF_OF_TWO(B3_OTHER_C, "+x", X2, X3, A2, A3, B2, B3, C2, C3, D2, D3, ORDER, RIGHT, LEFT)

#define B3_FIRST_HALF(...) B3_HALF(__VA_ARGS__, b3_order16, "12", "20")
#define B3_SECOND_HALF(...) B3_HALF(__VA_ARGS__, b3_order8, "7", "25")

#endif
