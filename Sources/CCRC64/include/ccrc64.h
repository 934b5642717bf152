// CRC-64/NVME: polynomial 0xad93d23594c93659, reflected, all bits inverted before and after.
//
// Source: NVM Express, NVM Command Set Specification, "64b CRC"; check value of "123456789": 0xae8b14860a799888.

#ifndef CCRC64_H
#define CCRC64_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How the CRC is computed.
typedef enum {
    /// With tables, on any processor.
    CCRC64_PORTABLE = 0,
    /// With multiplication without carry, where the processor has it.
    CCRC64_FOLDING = 1,
} ccrc64_form;

/// The CRC of the bytes that `crc` is of, followed by `count` others; that of no bytes is 0.
///
/// Does not allocate, keeps no pointer and reads nothing but the bytes, which need no alignment; `bytes` may be null if
/// `count` is 0.
uint64_t ccrc64_update(uint64_t crc, const void *bytes, size_t count);

/// The same in one form; with `CCRC64_FOLDING` only where `ccrc64_has(CCRC64_FOLDING)`.
uint64_t ccrc64_update_as(ccrc64_form form, uint64_t crc, const void *bytes, size_t count);

/// Whether this processor can do a form.
int ccrc64_has(ccrc64_form form);

#ifdef __cplusplus
}
#endif

#endif
