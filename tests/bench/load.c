#include "tests/bench/load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void load_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

void load_read(struct load *load, const char *path)
{
    *load = (struct load){0};
    buf_init(&load->bytes, (size_t)1 << 30);
    FILE *file = fopen(path, "rb");
    if (!file)
        load_die("%s: %s", path, strerror(errno));
    char chunk[65536];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_put(&load->bytes, chunk, got);
    fclose(file);
    struct cursor cursor = cursor_from(buf_slice(&load->bytes));
    struct article article;
    while (cursor_left(&cursor)) {
        if (article_decode(&cursor, &article) < 0)
            load_die("%s: not a file of article records", path);
        load->articles = realloc(load->articles, (load->count + 1) * sizeof article);
        if (!load->articles)
            load_die("out of memory");
        load->articles[load->count++] = article;
    }
    if (!load->count)
        load_die("%s: no articles", path);
}

void load_free(struct load *load)
{
    free(load->articles);
    buf_fini(&load->bytes);
}

void load_put(const struct load *load, struct buf *out, uint64_t index, const char *prefix)
{
    struct article article = load->articles[index % load->count];
    char uri[128];
    int len = snprintf(uri, sizeof uri, "urn:bench:%s:%llu", prefix, (unsigned long long)index);
    article.uri = slice_from(uri, (size_t)len);
    article_encode(out, &article);
    if (out->failed)
        load_die("article does not fit");
}

void *load_connect(void *context, const char *endpoint)
{
    void *socket = zmq_socket(context, ZMQ_DEALER);
    int unbounded = 0, timeout = 60000;
    zmq_setsockopt(socket, ZMQ_SNDHWM, &unbounded, sizeof unbounded);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &unbounded, sizeof unbounded);
    zmq_setsockopt(socket, ZMQ_LINGER, &unbounded, sizeof unbounded);
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
    if (zmq_connect(socket, endpoint) != 0)
        load_die("%s: %s", endpoint, zmq_strerror(zmq_errno()));
    return socket;
}

void load_send(void *socket, uint8_t kind, uint64_t id, struct slice payload)
{
    uint8_t head[FRAME_BYTES];
    frame_encode(&(struct frame){.version = WIRE_VERSION, .kind = kind, .id = id}, head);
    if (zmq_send(socket, head, sizeof head, ZMQ_SNDMORE) < 0 ||
        zmq_send(socket, payload.ptr, payload.len, 0) < 0)
        load_die("send: %s", zmq_strerror(zmq_errno()));
}

void load_receive(void *socket, struct frame *frame, zmq_msg_t *payload)
{
    uint8_t head[FRAME_BYTES];
    int len = zmq_recv(socket, head, sizeof head, 0);
    if (len < 0)
        load_die("receive: %s", zmq_strerror(zmq_errno()));
    if (frame_decode(slice_from(head, (size_t)len), frame) != WIRE_OK)
        load_die("receive: not a telex message");
    zmq_msg_init(payload);
    if (zmq_msg_recv(payload, socket, 0) < 0)
        load_die("receive: %s", zmq_strerror(zmq_errno()));
    if (frame->kind == FRAME_ERROR)
        load_die("refused: %.*s", (int)zmq_msg_size(payload), (const char *)zmq_msg_data(payload));
}
