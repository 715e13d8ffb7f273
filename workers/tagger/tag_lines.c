#include "workers/tagger/tag_lines.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/forms/forms.h"
#include "proto/forms/html.h"
#include "workers/tagger/event_json.h"
#include "workers/tagger/job.h"

enum {
    READ_BYTES = 256 * 1024,
    WRITE_BYTES = 256 * 1024,
    LINE_BYTES_MAX = FORMS_JSON_MAX,
    BODY_BYTES_MAX = 16 * 1024 * 1024,
};

struct lines_run {
    const struct tagger *tagger;
    struct arena arena;
    struct buf in, out;
    uint64_t line; // number of the line at hand, from 1
    bool skipping; // the line at hand is too long; its rest is thrown away
    bool refused;
};

static void line_refuse(struct lines_run *run, const char *reason)
{
    char text[1024];
    int len = snprintf(text, sizeof text, "telex tag: line %llu: %s\n",
                       (unsigned long long)run->line, reason);
    size_t most = len > 0 && (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    run->refused = true;
    if (write(STDERR_FILENO, text, most) < 0)
        return; // nobody listens; the exit status still tells
}

static bool is_blank(struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (!strchr(" \t\r", line.ptr[i]) || !line.ptr[i])
            return false;
    return true;
}

static void line_tag(struct lines_run *run, struct slice line)
{
    struct err err = {0};
    struct article article;
    struct tag_result tags;
    size_t before = run->out.len;
    if (forms_read_json(line, BODY_BYTES_MAX, forms_html_to_text, &run->arena, &article, &err) !=
            WIRE_OK ||
        tagger_run(run->tagger, &article, &run->arena, &tags, &err) < 0) {
        line_refuse(run, err_text(&err));
        return;
    }
    if (event_put_line(&run->out, &article, &tags, tagger_lexicon_id(run->tagger)) < 0) {
        run->out.len = before;
        run->out.failed = false;
        line_refuse(run, "the event is too large");
        return;
    }
    buf_put_byte(&run->out, '\n');
}

static int out_flush(struct lines_run *run)
{
    for (size_t at = 0; at < run->out.len;) {
        ssize_t written = write(STDOUT_FILENO, run->out.ptr + at, run->out.len - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        at += (size_t)written;
    }
    buf_reset(&run->out);
    return 0;
}

static int line_run(struct lines_run *run, struct slice line)
{
    run->line++;
    if (run->skipping)
        run->skipping = false;
    else if (!is_blank(line))
        line_tag(run, line);
    if (run->arena.used > JOB_ARENA_KEEP)
        arena_fini(&run->arena);
    arena_reset(&run->arena);
    return run->out.len >= WRITE_BYTES ? out_flush(run) : 0;
}

// Runs every whole line that has been read and keeps the rest.
static int input_run(struct lines_run *run, bool ended)
{
    size_t at = 0;
    int failed = 0;
    while (!failed && at < run->in.len) {
        const char *start = run->in.ptr + at;
        const char *end = memchr(start, '\n', run->in.len - at);
        if (!end && !ended)
            break;
        size_t len = end ? (size_t)(end - start) : run->in.len - at;
        failed = line_run(run, slice_from(start, len));
        at += len + (end != NULL);
    }
    run->in.len -= at;
    if (run->in.len)
        memmove(run->in.ptr, run->in.ptr + at, run->in.len);
    if (run->in.len > LINE_BYTES_MAX && !run->skipping) {
        run->line++;
        line_refuse(run, "longer than 16 MiB");
        run->line--;
        run->skipping = true;
    }
    if (run->skipping)
        run->in.len = 0;
    return failed;
}

static int run_loop(struct lines_run *run)
{
    for (;;) {
        int failed = out_flush(run);
        char *room = buf_reserve(&run->in, READ_BYTES);
        if (failed || !room)
            return failed ? failed : -ENOMEM;
        ssize_t got = read(STDIN_FILENO, room, READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        run->in.len += (size_t)got;
        failed = input_run(run, got == 0);
        if (failed || !got)
            return failed ? failed : out_flush(run);
    }
}

int tag_lines_run(const struct tagger *tagger)
{
    struct lines_run run = {.tagger = tagger};
    arena_init(&run.arena, JOB_ARENA_MAX);
    buf_init(&run.in, (size_t)LINE_BYTES_MAX + 2 * READ_BYTES);
    buf_init(&run.out, (size_t)8 * BODY_BYTES_MAX);
    int failed = run_loop(&run);
    if (failed)
        fprintf(stderr, "telex tag: %s\n", strerror(-failed));
    arena_fini(&run.arena);
    buf_fini(&run.in);
    buf_fini(&run.out);
    return failed || run.refused;
}
