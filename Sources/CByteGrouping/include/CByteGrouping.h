// The byte grouping of chunks, both ways.
//
// Neither function allocates, keeps a pointer, reads outside the source or writes outside the target. Source and target
// have `count` bytes each and must not overlap; they need no alignment, and may be null when `count` is 0.

#ifndef CBYTEGROUPING_H
#define CBYTEGROUPING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Writes the bytes at positions 0, 4, 8 and so on, then those at 1, 5, 9 and so on, then from 2, then from 3.
void cbytegrouping_group(const void *source, size_t count, void *target);

/// Writes the bytes that `cbytegrouping_group` made `source` of.
void cbytegrouping_ungroup(const void *source, size_t count, void *target);

#ifdef __cplusplus
}
#endif

#endif
