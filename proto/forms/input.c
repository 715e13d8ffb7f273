#include "proto/forms/input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_BYTES = 256 * 1024 };

void input_init_fd(struct input *in, int fd, bool owns_fd, size_t limit)
{
    *in = (struct input){.fd = fd, .owns_fd = owns_fd, .limit = limit, .line = 1, .bytes = ""};
}

void input_init_bytes(struct input *in, struct slice bytes)
{
    *in = (struct input){.fd = -1,
                         .eof = true,
                         .bytes = bytes.len ? bytes.ptr : "",
                         .end = bytes.len,
                         .total = bytes.len,
                         .line = 1};
}

void input_fini(struct input *in)
{
    if (in->owns_fd && in->fd >= 0)
        close(in->fd);
    free(in->memory);
    *in = (struct input){.fd = -1, .eof = true, .bytes = ""};
}

// Moves what is left to the front, doubles the window when that frees less than half of it.
static int make_room(struct input *in)
{
    if (in->start > in->capacity / 2 || (in->start && in->start == in->end)) {
        memmove(in->memory, in->memory + in->start, in->end - in->start);
        in->end -= in->start;
        in->start = 0;
    }
    if (in->end < in->capacity)
        return 0;
    size_t capacity = in->capacity ? in->capacity * 2 : FIRST_BYTES;
    if (in->capacity >= in->limit)
        return -E2BIG;
    char *memory = realloc(in->memory, capacity < in->limit ? capacity : in->limit);
    if (!memory)
        return -ENOMEM;
    in->memory = memory;
    in->bytes = memory;
    in->capacity = capacity < in->limit ? capacity : in->limit;
    return 0;
}

static ssize_t read_some(struct input *in)
{
    for (;;) {
        int waited = in->wait_cb ? in->wait_cb(in->fd, in->context) : 0;
        if (waited < 0)
            return waited;
        ssize_t got = read(in->fd, in->memory + in->end, in->capacity - in->end);
        if (got >= 0 || (errno != EINTR && errno != EAGAIN))
            return got < 0 ? -errno : got;
        // Somebody made our standard input non-blocking.
        if (errno == EAGAIN)
            (void)poll(&(struct pollfd){.fd = in->fd, .events = POLLIN}, 1, -1);
    }
}

int input_more(struct input *in)
{
    if (in->eof)
        return 0;
    int result = make_room(in);
    if (result != 0)
        return result;
    ssize_t got = read_some(in);
    if (got < 0)
        return (int)got;
    in->eof = got == 0;
    in->end += (size_t)got;
    in->total += (uint64_t)got;
    return got > 0;
}

void input_consume(struct input *in, size_t bytes)
{
    const char *at = in->bytes + in->start, *end = at + bytes;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        in->line++;
        at++;
    }
    in->start += bytes;
}

int input_skip_space(struct input *in)
{
    for (;;) {
        struct slice window = input_window(in);
        size_t blank = 0;
        while (blank < window.len && strchr(" \t\r\n", window.ptr[blank]) && window.ptr[blank])
            blank++;
        input_consume(in, blank);
        if (blank < window.len)
            return 1;
        int result = input_more(in);
        if (result != 1)
            return result;
    }
}
