#ifndef CMEMORY_H
#define CMEMORY_H

/// Gives memory that the allocator keeps for later back to the system, where that is possible.
void cmemory_return_free(void);

#endif
