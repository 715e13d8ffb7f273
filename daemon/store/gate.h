// Who may look at LMDB's map while it stays where it is: any number of threads inside, or nobody
// and the writer alone, who then may move it. Those inside come first, so that one thread may be
// inside several times.
#pragma once

#include <pthread.h>
#include <stdbool.h>

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t empty;
    unsigned inside; // under lock
};

// 0 or -ENOMEM.
int gate_init(struct gate *gate);
void gate_fini(struct gate *gate);

void gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);

// Waits until nobody is inside, then keeps everybody out until gate_open. False, and nothing is
// closed, when that has not come about after `wait_ms`.
bool gate_close(struct gate *gate, int wait_ms);
void gate_open(struct gate *gate);
