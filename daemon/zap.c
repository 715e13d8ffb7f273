#include "daemon/zap.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/clients.h"
#include "daemon/roles.h"
#include "proto/base/check.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

static const char endpoint[] = "inproc://zeromq.zap.01";
static const char self_test_domain[] = "self-test";

enum {
    PARTS = 7, // version, request id, domain, address, routing id, mechanism, credentials
    PART_BYTES = 256,
    IDENTITY_BYTES = 128,
    CURVE_KEY_BYTES = 32,
    LOG_MS = 1000,
    LOG_OTHER_MS = 100, // another reason than the last time
    SELF_TEST_MS = 30000,
};

struct zap {
    void *zmq, *socket;
    pthread_t thread;
    pthread_mutex_t lock; // of `clients`
    struct clients *clients;
    struct zap_rule rules[ZAP_RULES_MAX];
    unsigned rule_count;
    _Atomic uint64_t refused;
    struct note {
        const char *why; // of the last refusal that was logged
        uint64_t count;  // since then
        int64_t logged_ms;
    } notes[ZAP_RULES_MAX + 1]; // the thread's own; the last is of domains that are not there
};

struct part {
    char bytes[PART_BYTES + 1]; // ends in NUL
    size_t len;
};

// What became of a question.
struct verdict {
    bool allowed;
    char identity[IDENTITY_BYTES]; // of whom, also when refused
    const char *why;
};

// --- judging ------------------------------------------------------------------------------------

static const struct zap_rule *find_rule(const struct zap *zap, const char *domain)
{
    for (unsigned i = 0; i < zap->rule_count; i++)
        if (strcmp(zap->rules[i].domain, domain) == 0)
            return &zap->rules[i];
    return NULL;
}

static void judge_key(struct zap *zap, const struct zap_rule *rule, const struct part *credentials,
                      struct verdict *verdict)
{
    char key[KEY_LEN + 1];
    if (rule->open || rule->path || credentials->len != CURVE_KEY_BYTES ||
        !zmq_z85_encode(key, (const uint8_t *)credentials->bytes, CURVE_KEY_BYTES)) {
        verdict->why = "a key where none is asked for";
        return;
    }
    snprintf(verdict->identity, sizeof verdict->identity, "key:%s", key);
    pthread_mutex_lock(&zap->lock);
    const struct client *client = clients_find(zap->clients, slice_from(key, KEY_LEN));
    verdict->allowed = client && (client->roles & rule->roles);
    verdict->why = client ? "its roles do not allow this endpoint" : "the key is not known";
    pthread_mutex_unlock(&zap->lock);
}

// The daemon's own user and root always; others where the socket's file is open to its group: the
// kernel has looked whether they belong to it.
static void judge_user(const struct zap_rule *rule, const char *address, struct verdict *verdict)
{
    unsigned uid, gid, pid;
    struct stat st;
    const char *colon = strchr(address, ':'); // "localhost:UID:GID:PID"
    if (!colon || sscanf(colon, ":%u:%u:%u", &uid, &gid, &pid) != 3) {
        verdict->why = "the kernel does not tell whose process it is";
        return;
    }
    snprintf(verdict->identity, sizeof verdict->identity, "uid:%u:%u", uid, pid);
    verdict->allowed =
        uid == 0 || uid == geteuid() || (stat(rule->path, &st) == 0 && (st.st_mode & S_IWGRP));
    verdict->why = "another user's process";
}

static void judge(struct zap *zap, const struct part parts[PARTS], struct verdict *verdict)
{
    const char *address = parts[3].bytes, *mechanism = parts[5].bytes;
    const struct zap_rule *rule = find_rule(zap, parts[2].bytes);
    *verdict = (struct verdict){.why = "there is no such endpoint"};
    snprintf(verdict->identity, sizeof verdict->identity, "address:%.64s", address);
    if (!rule)
        return;
    verdict->why = "not the mechanism of this endpoint";
    if (strcmp(mechanism, "CURVE") == 0)
        judge_key(zap, rule, &parts[6], verdict);
    else if (strcmp(mechanism, "NULL") == 0 && rule->path)
        judge_user(rule, address, verdict);
    else if (strcmp(mechanism, "NULL") == 0)
        verdict->allowed = rule->open;
}

// --- talking ------------------------------------------------------------------------------------

// 0, -EAGAIN when the message is not a question, or another negative errno.
static int receive(void *socket, struct part parts[PARTS])
{
    int count = 0, more = 1;
    bool fits = true;
    for (; more; count++) {
        struct part excess, *part = count < PARTS ? &parts[count] : &excess;
        size_t size = sizeof more;
        int got = zmq_recv(socket, part->bytes, PART_BYTES, 0);
        if (got < 0)
            return -zmq_errno();
        fits = fits && got <= PART_BYTES;
        part->len = got <= PART_BYTES ? (size_t)got : PART_BYTES;
        part->bytes[part->len] = '\0';
        zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
    }
    bool null = count == PARTS - 1;
    if (null)
        parts[PARTS - 1].len = 0;
    return fits && (null || count == PARTS) && strcmp(parts[0].bytes, "1.0") == 0 ? 0 : -EAGAIN;
}

static int send_texts(void *socket, const struct part *id, const char *const texts[4])
{
    if (zmq_send(socket, "1.0", 3, ZMQ_SNDMORE) < 0 ||
        zmq_send(socket, id->bytes, id->len, ZMQ_SNDMORE) < 0)
        return -zmq_errno();
    for (int i = 0; i < 4; i++)
        if (zmq_send(socket, texts[i], strlen(texts[i]), i < 3 ? ZMQ_SNDMORE : 0) < 0)
            return -zmq_errno();
    return 0;
}

static int reply(void *socket, const struct part *id, const struct verdict *verdict)
{
    const char *const allowed[4] = {"200", "OK", verdict->identity, ""};
    const char *const refused[4] = {"400", "refused", "", ""};
    return send_texts(socket, id, verdict->allowed ? allowed : refused);
}

static void note_refusal(struct zap *zap, const char *domain, const struct part *address,
                         const struct verdict *verdict)
{
    const struct zap_rule *rule = find_rule(zap, domain);
    struct note *n = &zap->notes[rule ? rule - zap->rules : ZAP_RULES_MAX];
    int64_t now = clock_mono_ms();
    atomic_fetch_add(&zap->refused, 1);
    n->count++;
    if (n->logged_ms && now - n->logged_ms < (n->why == verdict->why ? LOG_MS : LOG_OTHER_MS))
        return;
    log_warning("peer refused endpoint=%s count=%llu peer=\"%s\" address=\"%s\" reason=\"%s\"",
                domain, (unsigned long long)n->count, verdict->identity, address->bytes,
                verdict->why);
    *n = (struct note){.why = verdict->why, .logged_ms = now};
}

static int answer_one(struct zap *zap)
{
    struct part parts[PARTS];
    struct verdict verdict = {.why = "not understood"};
    int result = receive(zap->socket, parts);
    if (result != 0 && result != -EAGAIN)
        return result;
    if (result == 0)
        judge(zap, parts, &verdict);
    if (!verdict.allowed && strcmp(parts[2].bytes, self_test_domain) != 0)
        note_refusal(zap, parts[2].bytes, &parts[3], &verdict);
    return reply(zap->socket, &parts[1], &verdict);
}

// Ends with the context: then every call answers ETERM. Were it to end otherwise, libzmq would let
// everybody in.
static void *thread_main(void *arg)
{
    struct zap *zap = arg;
    int result;
    do
        result = answer_one(zap);
    while (result == 0 || result == -EINTR || result == -EAGAIN);
    check_must(result == -ETERM);
    zmq_close(zap->socket);
    return NULL;
}

// --- the test at the start ----------------------------------------------------------------------

// A key of zeros, which nobody has, at a domain that is not there: the answer must be "400".
static int ask_wrongly(void *socket)
{
    static const char question[PARTS][34] = {"1.0", "1", "self-test", "self-test", "", "CURVE", ""};
    char answer[4][16] = {{0}};
    int rc = 0;
    for (int i = 0; i < PARTS && rc >= 0; i++) {
        size_t len = i == PARTS - 1 ? CURVE_KEY_BYTES : strlen(question[i]);
        do
            rc = zmq_send(socket, question[i], len, i < PARTS - 1 ? ZMQ_SNDMORE : 0);
        while (rc < 0 && zmq_errno() == EINTR); // workers are being started, and may end
    }
    for (int i = 0; i < 3 && rc >= 0; i++)
        do
            rc = zmq_recv(socket, answer[i], sizeof answer[i] - 1, 0);
        while (rc < 0 && zmq_errno() == EINTR);
    if (rc < 0)
        return -zmq_errno();
    return strcmp(answer[2], "400") == 0 ? 0 : -EPROTO;
}

static int self_test(struct zap *zap, struct err *err)
{
    void *socket = zmq_socket(zap->zmq, ZMQ_REQ);
    int patience = SELF_TEST_MS, none = 0;
    int result = socket && zmq_setsockopt(socket, ZMQ_RCVTIMEO, &patience, sizeof patience) == 0 &&
                         zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none) == 0 &&
                         zmq_connect(socket, endpoint) == 0
                     ? ask_wrongly(socket)
                     : -zmq_errno();
    if (socket)
        zmq_close(socket);
    return result == 0 ? 0
                       : err_set_errno(err, -result,
                                       "the ZAP handler does not refuse who is to be "
                                       "refused");
}

// --- life ---------------------------------------------------------------------------------------

// No signal is ever handled in this thread.
static int start_thread(struct zap *zap)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&zap->thread, NULL, thread_main, zap);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -result;
}

static void zap_free(struct zap *zap)
{
    clients_free(zap->clients);
    pthread_mutex_destroy(&zap->lock);
    free(zap);
}

static int bind_and_start(struct zap *zap, struct err *err)
{
    int none = 0;
    zap->socket = zmq_socket(zap->zmq, ZMQ_REP);
    int result = zap->socket && zmq_setsockopt(zap->socket, ZMQ_LINGER, &none, sizeof none) == 0 &&
                         zmq_bind(zap->socket, endpoint) == 0
                     ? start_thread(zap)
                     : -zmq_errno();
    if (result != 0 && zap->socket)
        zmq_close(zap->socket);
    return result == 0 ? 0 : err_set_errno(err, -result, "cannot start the ZAP handler");
}

int zap_start(struct zap **out, void *zmq, const struct zap_rule *rules, unsigned count,
              struct clients *clients, struct err *err)
{
    *out = NULL;
    if (count > ZAP_RULES_MAX)
        return err_set_errno(err, EINVAL, "ZAP");
    struct zap *zap = calloc(1, sizeof *zap);
    if (!zap)
        return err_set_errno(err, ENOMEM, "ZAP");
    zap->zmq = zmq;
    zap->rule_count = count;
    zap->clients = clients;
    memcpy(zap->rules, rules, count * sizeof *rules);
    pthread_mutex_init(&zap->lock, NULL);
    int result = bind_and_start(zap, err);
    if (result != 0) {
        zap->clients = NULL;
        zap_free(zap);
        return result;
    }
    *out = zap;
    return self_test(zap, err);
}

struct clients *zap_exchange(struct zap *zap, struct clients *clients)
{
    pthread_mutex_lock(&zap->lock);
    struct clients *old = zap->clients;
    zap->clients = clients;
    pthread_mutex_unlock(&zap->lock);
    return old;
}

const struct clients *zap_clients(const struct zap *zap)
{
    return zap->clients;
}

uint64_t zap_refused(const struct zap *zap)
{
    return atomic_load(&zap->refused);
}

void zap_end(struct zap *zap)
{
    if (!zap)
        return;
    pthread_join(zap->thread, NULL);
    zap_free(zap);
}
