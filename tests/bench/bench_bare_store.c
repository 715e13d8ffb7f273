// The yardstick for durable acceptance: ZeroMQ to LMDB with nothing between. Takes whatever PUSH
// messages wait, up to 256 articles, puts each article under the next number, commits (default
// sync), acknowledges.
//   bench-bare-store ENDPOINT DIRECTORY      ends when its standard input is closed
#include <lmdb.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "proto/wire/ack.h"
#include "tests/bench/load.h"

enum { BATCH = 256 };

struct waiting {
    zmq_msg_t peer;
    uint64_t id;
    size_t articles;
};

static uint64_t offset;

// Puts a message's articles; the acknowledgements are not built before the commit.
static size_t put_articles(MDB_txn *txn, MDB_dbi dbi, zmq_msg_t *payload)
{
    struct cursor cursor = cursor_from(slice_from(zmq_msg_data(payload), zmq_msg_size(payload)));
    size_t count = 0;
    while (cursor_left(&cursor)) {
        const uint8_t *start = cursor.at;
        struct article article;
        if (article_decode(&cursor, &article) < 0)
            load_die("bad record");
        offset++;
        MDB_val key = {sizeof offset, &offset},
                value = {(size_t)(cursor.at - start), (void *)start};
        if (mdb_put(txn, dbi, &key, &value, MDB_APPEND) != 0)
            load_die("put failed");
        count++;
    }
    return count;
}

static void reply(void *socket, struct waiting *waiting, struct buf *out)
{
    buf_reset(out);
    for (size_t i = 0; i < waiting->articles; i++)
        ack_encode(out, &(struct ack){.offset = 1});
    uint8_t head[FRAME_BYTES];
    frame_encode(&(struct frame){.version = WIRE_VERSION,
                                 .kind = FRAME_PUSH | FRAME_REPLY,
                                 .id = waiting->id},
                 head);
    zmq_msg_send(&waiting->peer, socket, ZMQ_SNDMORE);
    zmq_send(socket, head, sizeof head, ZMQ_SNDMORE);
    zmq_send(socket, out->ptr, out->len, 0);
}

// Receives one message when one waits. False when none does.
static int receive(void *socket, struct waiting *waiting, zmq_msg_t *payload)
{
    zmq_msg_init(&waiting->peer);
    if (zmq_msg_recv(&waiting->peer, socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&waiting->peer);
        return 0;
    }
    uint8_t head[FRAME_BYTES];
    struct frame frame;
    int len = zmq_recv(socket, head, sizeof head, 0);
    if (len < 0 || frame_decode(slice_from(head, (size_t)len), &frame) != WIRE_OK)
        load_die("bad header");
    waiting->id = frame.id;
    zmq_msg_init(payload);
    return zmq_msg_recv(payload, socket, 0) >= 0;
}

static void serve_batch(void *socket, MDB_env *env, MDB_dbi dbi, struct buf *out)
{
    static struct waiting waiting[BATCH];
    MDB_txn *txn;
    size_t messages = 0, articles = 0;
    zmq_msg_t payload;
    if (mdb_txn_begin(env, NULL, 0, &txn) != 0)
        load_die("begin failed");
    while (articles < BATCH && receive(socket, &waiting[messages], &payload)) {
        waiting[messages].articles = put_articles(txn, dbi, &payload);
        articles += waiting[messages++].articles;
        zmq_msg_close(&payload);
    }
    if (messages == 0) {
        mdb_txn_abort(txn);
        return;
    }
    if (mdb_txn_commit(txn) != 0)
        load_die("commit failed");
    for (size_t i = 0; i < messages; i++)
        reply(socket, &waiting[i], out);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        load_die("usage: bench-bare-store ENDPOINT DIRECTORY");
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    mdb_env_create(&env);
    mdb_env_set_mapsize(env, (size_t)64 << 30);
    if (mdb_env_open(env, argv[2], 0, 0600) != 0)
        load_die("%s cannot be opened", argv[2]);
    mdb_txn_begin(env, NULL, 0, &txn);
    mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, &dbi);
    mdb_txn_commit(txn);
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
    int unbounded = 0;
    zmq_setsockopt(socket, ZMQ_SNDHWM, &unbounded, sizeof unbounded);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &unbounded, sizeof unbounded);
    zmq_setsockopt(socket, ZMQ_LINGER, &unbounded, sizeof unbounded);
    if (zmq_bind(socket, argv[1]) != 0)
        load_die("%s: %s", argv[1], zmq_strerror(zmq_errno()));
    puts("ready");
    fflush(stdout);
    struct buf out;
    buf_init(&out, 1 << 20);
    zmq_pollitem_t items[] = {{socket, 0, ZMQ_POLLIN, 0}, {NULL, STDIN_FILENO, ZMQ_POLLIN, 0}};
    while (zmq_poll(items, 2, -1) >= 0 && !items[1].revents)
        serve_batch(socket, env, dbi, &out);
    buf_fini(&out);
    zmq_close(socket);
    zmq_ctx_term(context);
    mdb_env_close(env);
    return 0;
}
