// Three strengths of assertion. Plain assert() is not used: it vanishes in release builds, where it
// is wanted most.
#pragma once

#include <stdio.h>
#include <stdlib.h>

// Must hold, or the process's state cannot be trusted: abort, naming the place.
#define check_must(cond)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(!(cond), 0)) {                                                        \
            fprintf(stderr, "<2>check failed: %s at %s:%d\n", #cond, __FILE__, __LINE__);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

// Should hold; when it does not, say so and take the refusal that follows: `if (!check_should(x))
// return -EINVAL;`
#define check_should(cond)                                                                         \
    (__builtin_expect(!!(cond), 1) ||                                                              \
     (fprintf(stderr, "<3>unexpected: not (%s) at %s:%d\n", #cond, __FILE__, __LINE__), 0))

// Debug builds only: for conditions too dear to test in the hot path.
#ifdef NDEBUG
#define check_debug(cond) ((void)0)
#else
#define check_debug(cond) check_must(cond)
#endif
