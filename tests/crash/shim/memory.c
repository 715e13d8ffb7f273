// The allocator, which fails where the page says so. A library of its own: whoever does not ask for
// it keeps the C library's. A thread that is inside the C library's own start is left alone.
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>

#include "tests/crash/shim/control.h"

// The C library's own, under the names it keeps for this.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static bool fails(void)
{
    return shim_before(SHIM_MALLOC) == SHIM_FAIL;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (fails())
        return ENOMEM;
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}
