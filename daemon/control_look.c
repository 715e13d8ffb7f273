// Questions about articles, entities and cursors.
#include <errno.h>

#include "daemon/control_private.h"
#include "daemon/stats.h"
#include "proto/base/clock.h"
#include "proto/base/fold.h"
#include "proto/base/json.h"
#include "proto/base/log.h"

enum { LIMIT_DEFAULT = 20, LIMIT_MOST = 1000, WHAT_BYTES = 96 };

// --- GET ----------------------------------------------------------------------------------------

static int put_newest_event(struct control_request *request, uint64_t sequence)
{
    buf_put_text(&request->reply, ",\"event\":");
    struct stored_event event;
    int status = sequence ? store_get_event(reader_of(request), sequence, &event) : -ENOENT;
    if (status == 0)
        buf_put_slice(&request->reply, event.json);
    else if (status == -ENOENT)
        buf_put_text(&request->reply, "null");
    return status == -ENOENT ? 0 : status;
}

static int put_article(struct control_request *request, uint64_t offset)
{
    struct stored_article stored;
    struct article article;
    struct buf *out = &request->reply;
    int status = store_get_article(reader_of(request), offset, &stored);
    if (status != 0)
        return status;
    struct cursor cursor = cursor_from(stored.record);
    if (article_decode(&cursor, &article) != 0)
        return -EBADMSG;
    char received[CLOCK_TEXT_BYTES], hash[HASH_HEX_BYTES];
    clock_format(stored.received_ms, received);
    hash128_format(stored.hash, hash);
    buf_printf(out, "{\"offset\":%llu,\"received\":\"%s\",\"hash\":\"%s\",\"article\":",
               (unsigned long long)offset, received, hash);
    article_put_json(out, &article);
    if (stored.sender.len) {
        buf_put_text(out, ",\"pushed_by\":");
        json_put_string(out, stored.sender);
    }
    status = put_newest_event(request, stored.sequence);
    buf_put_byte(out, '}');
    return status;
}

static int get(struct control_request *request, uint64_t offset, struct slice uri, char *what)
{
    int status = store_read_begin(reader_of(request));
    if (status != 0)
        return status;
    snprintf(what, WHAT_BYTES, "article with this uri");
    if (uri.len)
        status = store_find_uri(reader_of(request), uri, &offset);
    if (status == 0) {
        snprintf(what, WHAT_BYTES, "article %llu", (unsigned long long)offset);
        status = put_article(request, offset);
    }
    store_read_end(reader_of(request));
    return status;
}

void control_get(struct control_request *request)
{
    uint64_t offset = 0;
    struct slice uri = {0};
    if (!args_number(request, "offset", false, 1, UINT64_MAX, &offset) ||
        !args_text(request, "uri", false, &uri)) {
        control_fail(request, WIRE_BAD_REQUEST);
        return;
    }
    if (!offset == !uri.len) {
        control_refuse(request, WIRE_BAD_REQUEST, "GET takes either \"offset\" or \"uri\"");
        return;
    }
    char what[WHAT_BYTES] = "article";
    int status = get(request, offset, uri, what);
    if (status == 0)
        control_reply(request);
    else
        control_refuse_status(request, status, what);
}

// --- FIND and ENTITY ----------------------------------------------------------------------------

static void put_entity(struct buf *out, const struct stored_entity *entity)
{
    buf_put_text(out, "{\"id\":");
    json_put_string(out, entity->id);
    buf_put_text(out, ",\"type\":");
    json_put_string(out, entity->type);
    buf_put_text(out, ",\"name\":");
    json_put_string(out, entity->name);
    buf_printf(out, ",\"count\":%llu,\"newest\":%llu}", (unsigned long long)entity->count,
               (unsigned long long)entity->newest);
}

struct entity_list {
    struct control_request *request;
    size_t count;
};

static bool found_cb(const struct stored_entity *entity, void *arg)
{
    struct entity_list *list = arg;
    struct buf *out = &list->request->reply;
    size_t before = out->len;
    if (list->count++ > 0)
        buf_put_byte(out, ',');
    put_entity(out, entity);
    return control_entry_fits(list->request, before);
}

static void find_folded(struct control_request *request, struct slice folded, bool prefix,
                        uint64_t limit)
{
    struct entity_list list = {.request = request};
    buf_put_text(&request->reply, "{\"entities\":[");
    int status = store_read_begin(reader_of(request));
    if (status == 0) {
        status =
            store_find_entities(reader_of(request), folded, prefix, (size_t)limit, found_cb, &list);
        store_read_end(reader_of(request));
    }
    buf_put_text(&request->reply, "]}");
    if (status == 0)
        control_reply(request);
    else
        control_refuse_status(request, status, "entities");
}

void control_find(struct control_request *request)
{
    struct slice name = {0};
    bool prefix = false;
    uint64_t limit = LIMIT_DEFAULT;
    if (!args_text(request, "name", true, &name) || !args_flag(request, "prefix", &prefix) ||
        !args_number(request, "limit", false, 1, LIMIT_MOST, &limit)) {
        control_fail(request, WIRE_BAD_REQUEST);
        return;
    }
    struct buf folded;
    buf_init(&folded, 8 * name.len + 8); // a code point folds to at most four bytes
    fold_name(&folded, name);
    if (folded.failed)
        control_refuse(request, WIRE_INTERNAL, "out of memory");
    else if (folded.len == 0)
        control_refuse(request, WIRE_BAD_REQUEST, "\"name\" has neither letters nor digits");
    else
        find_folded(request, buf_slice(&folded), prefix, limit);
    buf_fini(&folded);
}

static void put_events(struct control_request *request, const uint64_t *sequences, size_t count)
{
    struct buf *out = &request->reply;
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        struct stored_event event;
        size_t before = out->len;
        int status = store_get_event(reader_of(request), sequences[i], &event);
        if (status != 0) {
            log_error("event skipped sequence=%llu error=\"%s\"", (unsigned long long)sequences[i],
                      strerror(-status));
            continue;
        }
        if (!first)
            buf_put_byte(out, ',');
        buf_put_slice(out, event.json);
        if (!control_entry_fits(request, before))
            return;
        first = false;
    }
}

static int entity(struct control_request *request, struct slice id, uint64_t limit, uint64_t before)
{
    struct stored_entity found;
    int status = store_read_begin(reader_of(request));
    if (status != 0)
        return status;
    status = store_get_entity(reader_of(request), id, &found);
    if (status == 0) {
        uint64_t sequences[LIMIT_MOST];
        buf_put_text(&request->reply, "{\"entity\":");
        put_entity(&request->reply, &found);
        buf_put_text(&request->reply, ",\"events\":[");
        status = store_entity_newest(reader_of(request), id, before, sequences, (size_t)limit);
        put_events(request, sequences, status > 0 ? (size_t)status : 0);
        buf_put_text(&request->reply, "]}");
    }
    store_read_end(reader_of(request));
    return status < 0 ? status : 0;
}

void control_entity(struct control_request *request)
{
    struct slice id = {0};
    uint64_t limit = LIMIT_DEFAULT, before = UINT64_MAX;
    if (!args_text(request, "id", true, &id) ||
        !args_number(request, "limit", false, 1, LIMIT_MOST, &limit) ||
        !args_number(request, "before", false, 1, UINT64_MAX, &before)) {
        control_fail(request, WIRE_BAD_REQUEST);
        return;
    }
    int status = entity(request, id, limit, before);
    if (status == 0)
        control_reply(request);
    else
        control_refuse_status(request, status, "such entity");
}

// --- CURSOR_LIST and STATS ----------------------------------------------------------------------

static bool cursor_cb(struct slice name, uint64_t next, void *arg)
{
    struct entity_list *list = arg;
    struct buf *out = &list->request->reply;
    size_t before = out->len;
    buf_put_text(out, list->count++ > 0 ? ",{\"name\":" : "{\"name\":");
    json_put_string(out, name);
    buf_printf(out, ",\"next\":%llu}", (unsigned long long)next);
    return control_entry_fits(list->request, before);
}

void control_cursor_list(struct control_request *request)
{
    struct entity_list list = {.request = request};
    struct store_reader *reader = reader_of(request);
    int status = store_read_begin(reader);
    if (status == 0) {
        buf_put_text(&request->reply, "{\"cursors\":[");
        status = store_each_cursor(reader, cursor_cb, &list);
        buf_printf(&request->reply, "],\"first\":%llu,\"head\":%llu}",
                   (unsigned long long)store_first(reader), (unsigned long long)store_head(reader));
        store_read_end(reader);
    }
    if (status == 0)
        control_reply(request);
    else
        control_refuse_status(request, status, "cursors");
}

void control_stats(struct control_request *request)
{
    struct slice format = slice_from_text("json");
    if (!args_text(request, "format", false, &format)) {
        control_fail(request, WIRE_BAD_REQUEST);
        return;
    }
    int status;
    if (slice_is(format, "openmetrics")) {
        status = stats_put_openmetrics(request->control->telexd, &request->reply);
    } else if (slice_is(format, "json")) {
        status = stats_put_json(request->control->telexd, &request->reply);
    } else {
        control_refuse(request, WIRE_BAD_REQUEST, "\"format\" is \"json\" or \"openmetrics\"");
        return;
    }
    if (status == 0)
        control_reply(request);
    else
        control_refuse_status(request, status, "counters");
}
