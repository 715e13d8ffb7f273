// Buffers of one size for large messages, lent to ZeroMQ and taken back from its thread: what is
// used again is in the cache and needs no fresh pages.
#pragma once

#include <stddef.h>

struct slabs;

// Keeps at most `keep` unused buffers of `bytes` bytes. NULL without memory.
struct slabs *slabs_create(size_t bytes, size_t keep);

// A buffer, to be given back; NULL without memory.
char *slabs_take(struct slabs *slabs);

// Gives a buffer back. From any thread; `slabs` is a struct slabs. Also after slabs_release.
void slabs_give_cb(void *buffer, void *slabs);

// A buffer that was taken is none any more: the taker made another of it, or freed it.
void slabs_lost(struct slabs *slabs);

// The owner needs it no more; it goes when the last buffer has been given back. Accepts NULL.
void slabs_release(struct slabs *slabs);
