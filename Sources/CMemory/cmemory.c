#include "cmemory.h"

#if defined(__linux__)
#include <malloc.h>
#endif

void cmemory_return_free(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}
