// Which kernels this build contains and this machine can run.

#include "kernels.h"

#if CBLAKE3_X86
#include <cpuid.h>

/// Register state that the operating system saves: bits 1, 2 for SSE and AVX, 5...7 for AVX-512.
static uint64_t saved_state(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool x86_is_available(cblake3_kernel kernel) {
    uint32_t eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
        return false;
    }
    const bool sse41 = ecx & 1u << 19;
    const bool avx = (ecx & 1u << 27) && (ecx & 1u << 28);  // OSXSAVE comes first: without it XGETBV faults
    if (kernel == CBLAKE3_SSE41) {
        return sse41;
    }
    if (!sse41 || !avx || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
        return false;
    }
    const uint64_t state = saved_state();
    const bool avx2 = (ebx & 1u << 5) && (state & 0x6) == 0x6;
    const bool avx512f_vl = (ebx & 1u << 16) && (ebx & 1u << 31) && (state & 0xE6) == 0xE6;
    return kernel == CBLAKE3_AVX2 ? avx2 : avx2 && avx512f_vl;
}
#endif

bool cblake3_is_available(cblake3_kernel kernel) {
    switch (kernel) {
    case CBLAKE3_PORTABLE:
        return true;
    case CBLAKE3_SSE41:
    case CBLAKE3_AVX2:
    case CBLAKE3_AVX512:
#if CBLAKE3_X86
        return x86_is_available(kernel);
#else
        return false;
#endif
    case CBLAKE3_NEON:
#if CBLAKE3_ARM64
        return true;
#else
        return false;
#endif
    }
    return false;
}

const b3_kernel *b3_kernel_for(cblake3_kernel kernel) {
    switch (kernel) {
#if CBLAKE3_X86
    case CBLAKE3_SSE41:
        return &b3_sse41;
    case CBLAKE3_AVX2:
        return &b3_avx2;
    case CBLAKE3_AVX512:
        return &b3_avx512;
#endif
#if CBLAKE3_ARM64
    case CBLAKE3_NEON:
        return &b3_neon;
#endif
    default:
        return &b3_portable;
    }
}
