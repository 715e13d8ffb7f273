// Dead letters, and the orders that change the store: each is answered after its commit.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/commit.h"
#include "daemon/control_private.h"
#include "daemon/queue.h"
#include "daemon/stream.h"
#include "proto/base/clock.h"
#include "proto/base/json.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MOST = 1000, ORDER_PAGE = 256 };

// --- DEAD_LIST and DEAD_SHOW --------------------------------------------------------------------

// One dead letter without its closing brace. *article is filled when its record is whole.
static bool put_dead(struct control_request *request, const struct stored_dead *dead,
                     struct article *article)
{
    struct buf *out = &request->reply;
    struct stored_article stored;
    *article = (struct article){0};
    bool whole = store_get_article(reader_of(request), dead->offset, &stored) == 0;
    struct cursor cursor = cursor_from(whole ? stored.record : slice_from(NULL, 0));
    whole = whole && article_decode(&cursor, article) == 0;
    char damaged[sizeof STORE_DAMAGED_URI + 20];
    snprintf(damaged, sizeof damaged, STORE_DAMAGED_URI "%llu", (unsigned long long)dead->offset);
    char time[CLOCK_TEXT_BYTES];
    clock_format(dead->time_ms, time);
    buf_printf(out, "{\"offset\":%llu,\"sequence\":%llu,\"time\":\"%s\",\"uri\":",
               (unsigned long long)dead->offset, (unsigned long long)dead->sequence, time);
    json_put_string(out, whole ? article->uri : slice_from_text(damaged));
    buf_printf(out, ",\"attempts\":%u,\"stage\":", dead->attempts);
    json_put_string(out, dead->stage);
    buf_put_text(out, ",\"last_words\":");
    json_put_string(out, dead->last_words);
    return whole;
}

struct dead_list {
    struct control_request *request;
    uint64_t limit, count;
};

static bool dead_cb(const struct stored_dead *dead, void *arg)
{
    struct dead_list *list = arg;
    struct buf *out = &list->request->reply;
    struct article article;
    size_t before = out->len;
    if (list->count > 0)
        buf_put_byte(out, ',');
    put_dead(list->request, dead, &article);
    buf_put_byte(out, '}');
    return control_entry_fits(list->request, before) && ++list->count < list->limit;
}

void control_dead_list(struct control_request *request)
{
    uint64_t from = 0;
    struct dead_list list = {.request = request, .limit = LIMIT_DEFAULT};
    if (!args_number(request, "from", false, 0, UINT64_MAX, &from) ||
        !args_number(request, "limit", false, 1, LIMIT_MOST, &list.limit)) {
        control_fail(request, WIRE_BAD_REQUEST);
        return;
    }
    int status = store_read_begin(reader_of(request));
    if (status == 0) {
        buf_put_text(&request->reply, "{\"dead\":[");
        status = store_each_dead(reader_of(request), from, dead_cb, &list);
        buf_put_text(&request->reply, "]}");
        store_read_end(reader_of(request));
    }
    if (status == 0)
        control_reply(request);
    else
        control_refuse_status(request, status, "dead letters");
}

static int show(struct control_request *request, uint64_t offset)
{
    struct stored_dead dead;
    struct article article;
    int status = store_read_begin(reader_of(request));
    if (status != 0)
        return status;
    status = store_get_dead(reader_of(request), offset, &dead);
    if (status == 0 && !put_dead(request, &dead, &article))
        status = -EBADMSG;
    if (status == 0) {
        buf_put_text(&request->reply, ",\"article\":");
        article_put_json(&request->reply, &article);
        buf_put_byte(&request->reply, '}');
    }
    store_read_end(reader_of(request));
    return status;
}

void control_dead_show(struct control_request *request)
{
    uint64_t offset = 0;
    if (!args_number(request, "offset", true, 1, UINT64_MAX, &offset)) {
        control_fail(request, WIRE_BAD_REQUEST);
        return;
    }
    int status = show(request, offset);
    if (status == 0)
        control_reply(request);
    else
        control_refuse_status(request, status, "such dead letter");
}

// --- DEAD_RETRY and DEAD_DROP -------------------------------------------------------------------

// All dead letters, or one, page by page: each page is submitted whole, the next follows when every
// commit of it has come back.
struct dead_order {
    struct control_request *request;
    enum write_kind kind;
    uint64_t next;  // offset from which the next page is read
    bool all;       // else one page of one
    uint64_t done;  // dead letters dealt with
    int status;     // first failure
    size_t waiting; // commits of this page
    size_t count;
    struct commit commits[ORDER_PAGE];
};

static void order_page(struct dead_order *order);

static void order_end(struct dead_order *order)
{
    struct control_request *request = order->request;
    if (order->status != 0) {
        control_refuse_status(request, order->status, "such dead letter");
    } else {
        buf_printf(&request->reply, "{\"%s\":%llu}",
                   order->kind == WRITE_RETRY ? "retried" : "dropped",
                   (unsigned long long)order->done);
        control_reply(request);
    }
    free(order);
}

static void order_done_cb(struct commit *commit)
{
    struct dead_order *order = commit->write.owner;
    struct telexd *telexd = order->request->control->telexd;
    int status = commit->write.status;
    if (status == 0) {
        order->done++;
        // The bridge feeds the crew when all that came back with this one have been called back.
        if (order->kind == WRITE_RETRY && telexd->queue)
            queue_rewind(telexd->queue, commit->write.offset);
    } else if (order->status == 0 && !(order->all && status == -ENOENT)) {
        order->status = status; // with `all`, somebody else may have been faster
    }
    if (--order->waiting > 0)
        return;
    if (order->all && order->status == 0)
        order_page(order);
    else
        order_end(order);
}

static bool order_dead_cb(const struct stored_dead *dead, void *arg)
{
    struct dead_order *order = arg;
    order->commits[order->count++].write.offset = dead->offset;
    order->next = dead->offset + 1;
    return order->count < ORDER_PAGE;
}

static void order_submit(struct dead_order *order)
{
    struct commits *commits = order->request->control->telexd->commits;
    size_t count = order->waiting = order->count;
    for (size_t i = 0; i < count; i++) {
        struct commit *commit = &order->commits[i];
        commit->write =
            (struct write){.kind = order->kind, .owner = order, .offset = commit->write.offset};
        commit->done_cb = order_done_cb;
        commits_submit(commits, commit);
    }
}

static void order_page(struct dead_order *order)
{
    struct store_reader *reader = order->request->control->telexd->reader;
    order->count = 0;
    order->status = store_read_begin(reader);
    if (order->status == 0) {
        order->status = store_each_dead(reader, order->next, order_dead_cb, order);
        store_read_end(reader);
    }
    if (order->status == 0 && order->count > 0)
        order_submit(order);
    else
        order_end(order);
}

static void order_dead(struct control_request *request, enum write_kind kind)
{
    uint64_t offset = 0;
    bool all = false;
    if (!args_number(request, "offset", false, 1, UINT64_MAX, &offset) ||
        !args_flag(request, "all", &all)) {
        control_fail(request, WIRE_BAD_REQUEST);
        return;
    }
    if ((offset > 0) == all) {
        control_refuse(request, WIRE_BAD_REQUEST, "give either \"offset\" or \"all\": true");
        return;
    }
    struct dead_order *order = calloc(1, sizeof *order);
    if (!order) {
        control_refuse(request, WIRE_BUSY, "out of memory");
        return;
    }
    order->request = request;
    order->kind = kind;
    order->all = all;
    if (all) {
        order_page(order);
        return;
    }
    order->commits[order->count++].write.offset = offset;
    order_submit(order);
}

void control_dead_retry(struct control_request *request)
{
    order_dead(request, WRITE_RETRY);
}

void control_dead_drop(struct control_request *request)
{
    order_dead(request, WRITE_DROP);
}

// --- CURSOR_DROP --------------------------------------------------------------------------------

struct cursor_order {
    struct commit commit;
    struct control_request *request; // whose payload has the name
};

static void cursor_done_cb(struct commit *commit)
{
    struct cursor_order *order = commit->write.owner;
    struct control_request *request = order->request;
    struct stream *stream = request->control->telexd->stream;
    int status = commit->write.status;
    if (status == 0 && stream)
        stream_forget_cursor(stream, commit->write.cursor);
    free(order);
    if (status != 0) {
        control_refuse_status(request, status, "such cursor");
        return;
    }
    buf_put_text(&request->reply, "{}");
    control_reply(request);
}

void control_cursor_drop(struct control_request *request)
{
    struct slice name = {0};
    if (!args_text(request, "name", true, &name)) {
        control_fail(request, WIRE_BAD_REQUEST);
        return;
    }
    if (name.len > WIRE_CURSOR_NAME_MAX) {
        control_refuse(request, WIRE_BAD_REQUEST, "\"name\" is longer than %d bytes",
                       WIRE_CURSOR_NAME_MAX);
        return;
    }
    struct cursor_order *order = calloc(1, sizeof *order);
    if (!order) {
        control_refuse(request, WIRE_BUSY, "out of memory");
        return;
    }
    order->request = request;
    order->commit.write = (struct write){.kind = WRITE_CURSOR_DROP, .owner = order, .cursor = name};
    order->commit.done_cb = cursor_done_cb;
    commits_submit(request->control->telexd->commits, &order->commit);
}
