#include <stddef.h>
#include <stdint.h>

/// libFuzzer's entry for programs that have a `main` of their own; SwiftPM's executables always have.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *bytes, size_t count));
