// What verify, repair and the look at pages find, told line by line to whoever asked.
#pragma once

#include <stdint.h>

#include "daemon/store/store.h"

struct problems {
    store_problem_cb *cb; // NULL: they are only counted
    void *arg;
    uint64_t count;
};

// One line of text, cut at 511 bytes.
void problems_tell(struct problems *problems, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
