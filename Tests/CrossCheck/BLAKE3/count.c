// Hashes 64 KiB with the kernel of the first argument, as often as the second says: for counting instructions.

#include <stdlib.h>

#include "CBLAKE3.h"

int main(int count, char **arguments) {
    static const uint8_t input[64 * CBLAKE3_CHUNK_SIZE];
    const cblake3_key key = {.flags = CBLAKE3_KEYED_HASH};
    uint8_t digest[32];
    if (count != 3 || !cblake3_is_available((cblake3_kernel)atoi(arguments[1]))) {
        return 2;
    }
    for (int left = atoi(arguments[2]); left > 0; --left) {
        cblake3_hash((cblake3_kernel)atoi(arguments[1]), &key, input, sizeof input, digest);
    }
    return 0;
}
