// A worker that tags nothing, and misbehaves as it is told: --lexicon names how it starts, the
// title of an article what becomes of that article. It shares no code with the real one but the
// frames.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/wire/article.h"
#include "proto/wire/result.h"
#include "proto/wire/worker.h"

static const char *mode = "good";

static bool read_all(void *into, size_t len)
{
    for (char *at = into; len;) {
        ssize_t got = read(STDIN_FILENO, at, len);
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}

static void write_all(const char *bytes, size_t len)
{
    while (len) {
        ssize_t put = write(STDOUT_FILENO, bytes, len);
        if (put < 0)
            _exit(3);
        bytes += put;
        len -= (size_t)put;
    }
}

static void send_frame(uint8_t version, enum worker_kind kind, uint64_t id, struct slice payload)
{
    struct worker_head head = {version, (uint8_t)kind, (uint32_t)payload.len, id};
    uint8_t bytes[WORKER_HEAD_BYTES];
    worker_head_encode(&head, bytes);
    write_all((const char *)bytes, sizeof bytes);
    write_all(payload.ptr, payload.len);
}

static void stay(void)
{
    for (;;)
        pause();
}

static void say_hello(void)
{
    if (strcmp(mode, "never-hello") == 0)
        stay();
    if (strcmp(mode, "exit-at-once") == 0) {
        fprintf(stderr, "no lexicon here\n");
        exit(7);
    }
    if (strcmp(mode, "no-frame") == 0)
        write_all("usage: fake_worker [OPTION]...\n", 31);
    char hello[256];
    int len = snprintf(
        hello, sizeof hello,
        "{\"worker\":\"fake\",\"version\":\"1\",\"tagger\":\"1\",\"lexicon\":\"%s\"}", mode);
    uint8_t version = strcmp(mode, "wrong-version") == 0 ? 9 : WORKER_VERSION;
    send_frame(version, WORKER_HELLO, 0, slice_from(hello, (size_t)len));
}

static void send_result(uint64_t id, enum result_status status, const char *data)
{
    struct buf keys, out;
    buf_init(&keys, 4096);
    buf_init(&out, 65536);
    if (status == RESULT_TAGGED) {
        result_key_encode(&keys, KEY_LANGUAGE, slice_from_text("en"));
        result_key_encode(&keys, KEY_ENTITY, slice_from_text("Q1\tperson\tA Person"));
        result_key_encode(&keys, KEY_SPELLING, slice_from_text("a person"));
    }
    struct result result = {.status = status,
                            .key_count = status == RESULT_TAGGED ? 3 : 0,
                            .keys = buf_slice(&keys),
                            .data = slice_from_text(data)};
    result_encode(&out, &result);
    send_frame(WORKER_VERSION, WORKER_RESULT, id, buf_slice(&out));
    buf_fini(&keys);
    buf_fini(&out);
}

// True the first time for this path.
static bool first_time(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    return fd >= 0;
}

static void answer(uint64_t id, const char *title)
{
    static const char data[] =
        "{\"language\":{\"tag\":\"en\",\"confidence\":1},\"entities\":[{\"id\":\"Q1\",\"type\":"
        "\"person\",\"name\":\"A Person\",\"mentions\":[]}],\"tagger\":{\"version\":\"1\","
        "\"lexicon\":\"fake\"}}";
    if (strcmp(title, "crash") == 0) {
        fprintf(stderr, "about to\ncrash\n");
        abort();
    } else if (strncmp(title, "crash-once:", 11) == 0 && first_time(title + 11)) {
        abort();
    } else if (strcmp(title, "hang") == 0) {
        stay();
    } else if (strncmp(title, "hang-once:", 10) == 0 && first_time(title + 10)) {
        stay();
    } else if (strcmp(title, "garbage") == 0) {
        send_frame(WORKER_VERSION, WORKER_RESULT, id, slice_from_text("what is this"));
    } else if (strcmp(title, "no-frame") == 0) {
        write_all("Segmentation fault, more or less", 32);
    } else if (strcmp(title, "wrong-id") == 0) {
        send_result(id + 1, RESULT_TAGGED, data);
    } else if (strcmp(title, "refuse") == 0) {
        send_result(id, RESULT_REFUSED, "not a language of ours");
    } else {
        send_result(id, RESULT_TAGGED, data);
    }
}

static void work(uint64_t id, struct slice record)
{
    struct cursor cursor = cursor_from(record);
    struct article article;
    if (article_decode(&cursor, &article) || !cursor_is_done(&cursor))
        _exit(4);
    char title[WIRE_TITLE_MAX + 1];
    memcpy(title, article.title.ptr, article.title.len);
    title[article.title.len] = '\0';
    answer(id, title);
}

static bool serve_one(void)
{
    uint8_t bytes[WORKER_HEAD_BYTES];
    struct worker_head head;
    if (!read_all(bytes, sizeof bytes) || worker_head_decode(bytes, &head))
        return false;
    char *payload = malloc(head.len + 1);
    if (!payload || !read_all(payload, head.len))
        _exit(5);
    if (head.kind == WORKER_PING && strcmp(mode, "no-pong") != 0)
        send_frame(WORKER_VERSION, WORKER_PONG, head.id, slice_from(NULL, 0));
    else if (head.kind == WORKER_JOB)
        work(head.id, slice_from(payload, head.len));
    free(payload);
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--worker") != 0)
        return 2;
    if (argc >= 4 && strcmp(argv[2], "--lexicon") == 0)
        mode = argv[3];
    say_hello();
    while (serve_one())
        ;
    if (strcmp(mode, "deaf") == 0)
        stay();
    return 0;
}
