#include "daemon/store/gate.h"

#include <errno.h>
#include <time.h>

int gate_init(struct gate *gate)
{
    pthread_condattr_t monotonic;
    *gate = (struct gate){0};
    if (pthread_condattr_init(&monotonic) != 0)
        return -ENOMEM;
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&gate->empty, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&gate->lock, NULL);
    return 0;
}

void gate_fini(struct gate *gate)
{
    pthread_cond_destroy(&gate->empty);
    pthread_mutex_destroy(&gate->lock);
}

void gate_enter(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->inside++;
    pthread_mutex_unlock(&gate->lock);
}

void gate_leave(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    if (--gate->inside == 0)
        pthread_cond_signal(&gate->empty);
    pthread_mutex_unlock(&gate->lock);
}

static struct timespec deadline_in(int wait_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += wait_ms / 1000;
    at.tv_nsec += wait_ms % 1000 * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_nsec -= 1000000000L;
        at.tv_sec++;
    }
    return at;
}

bool gate_close(struct gate *gate, int wait_ms)
{
    struct timespec deadline = deadline_in(wait_ms);
    int timed_out = 0;
    pthread_mutex_lock(&gate->lock);
    while (gate->inside && !timed_out)
        timed_out = pthread_cond_timedwait(&gate->empty, &gate->lock, &deadline);
    if (!gate->inside)
        return true; // with the lock, at which everybody else now waits
    pthread_mutex_unlock(&gate->lock);
    return false;
}

void gate_open(struct gate *gate)
{
    pthread_mutex_unlock(&gate->lock);
}
