#include "daemon/store/filter.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/store/events.h"
#include "daemon/store/posting.h"
#include "daemon/store/table.h"
#include "proto/wire/limits.h"

enum { LISTS = 4 };

bool store_filter_is_empty(const struct store_filter *filter)
{
    return !filter || (!filter->entity_count && !filter->type_count && !filter->language_count &&
                       !filter->source_count);
}

static bool contains(const struct slice *values, size_t count, struct slice value)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(values[i], value))
            return true;
    return false;
}

bool filter_matches(const struct store_filter *filter, const struct stored_event *event)
{
    if (store_filter_is_empty(filter))
        return true;
    if (filter->source_count && !contains(filter->sources, filter->source_count, event->source))
        return false;
    bool entity = !filter->entity_count, type = !filter->type_count;
    bool language = !filter->language_count;
    struct event_keys keys = event_keys_of(event);
    struct event_key key;
    while (!(entity && type && language) && event_keys_next(&keys, &key)) {
        if (key.kind == KEY_ENTITY) {
            entity = entity || contains(filter->entities, filter->entity_count, key.id);
            type = type || contains(filter->types, filter->type_count, key.type);
        } else if (key.kind == KEY_LANGUAGE) {
            language = language || contains(filter->languages, filter->language_count, key.value);
        }
    }
    return entity && type && language;
}

// One list of the filter: the union of its values' posting lists.
struct value_list {
    enum posting_kind kind;
    const struct slice *values; // the filter's, good for one call
    size_t count;
    // For each value the first sequence of its posting list at or behind what was last asked for; 0
    // when nothing was, UINT64_MAX when there is none.
    uint64_t heads[WIRE_FILTER_VALUES];
};

struct filter_plan {
    uint64_t signature; // of the filter the heads belong to; 0 when they belong to none
    uint64_t floor;     // heads are good for targets at or behind it
    MDB_cursor *cursor;
    struct value_list lists[LISTS];
};

void filter_plan_forget(struct filter_plan *plan)
{
    if (!plan)
        return;
    if (plan->cursor)
        mdb_cursor_close(plan->cursor);
    plan->cursor = NULL;
    plan->signature = 0;
}

void filter_plan_free(struct filter_plan *plan)
{
    filter_plan_forget(plan);
    free(plan);
}

static void list_set(struct value_list *list, enum posting_kind kind, const struct slice *values,
                     size_t count)
{
    list->kind = kind;
    list->values = values;
    list->count = count < WIRE_FILTER_VALUES ? count : WIRE_FILTER_VALUES;
}

// The rarest kind first: its list moves the target furthest.
static void plan_set_lists(struct filter_plan *plan, const struct store_filter *filter)
{
    list_set(&plan->lists[0], POSTING_ENTITY, filter->entities, filter->entity_count);
    list_set(&plan->lists[1], POSTING_SOURCE, filter->sources, filter->source_count);
    list_set(&plan->lists[2], POSTING_LANGUAGE, filter->languages, filter->language_count);
    list_set(&plan->lists[3], POSTING_TYPE, filter->types, filter->type_count);
}

static uint64_t plan_signature(const struct filter_plan *plan)
{
    uint64_t signature = 0;
    for (int i = 0; i < LISTS; i++) {
        const struct value_list *list = &plan->lists[i];
        signature = hash64(slice_from(&list->count, sizeof list->count), signature);
        for (size_t v = 0; v < list->count; v++)
            signature = hash64(list->values[v], signature);
    }
    return signature ? signature : 1;
}

// The reader's plan, made for this filter; heads that are still of use are kept.
static int plan_prepare(struct store_reader *reader, const struct store_filter *filter,
                        uint64_t from)
{
    struct filter_plan *plan = reader->plan;
    if (!plan)
        plan = reader->plan = calloc(1, sizeof *plan);
    if (!plan)
        return -ENOMEM;
    plan_set_lists(plan, filter);
    uint64_t signature = plan_signature(plan);
    if (plan->signature != signature || from < plan->floor) {
        for (int i = 0; i < LISTS; i++)
            memset(plan->lists[i].heads, 0, sizeof plan->lists[i].heads);
        plan->signature = signature;
    }
    if (plan->cursor)
        return 0;
    MDB_dbi dbi = reader->store->dbs[DB_POSTINGS];
    return table_error(mdb_cursor_open(reader->txn, dbi, &plan->cursor));
}

static int posting_seek(struct filter_plan *plan, struct value_list *list, size_t i,
                        uint64_t target, uint32_t *budget)
{
    if (list->heads[i] >= target)
        return 0;
    if (*budget)
        (*budget)--;
    char bytes[POSTING_KEY_MAX];
    MDB_val key = {.mv_size = posting_key(list->kind, list->values[i], bytes), .mv_data = bytes};
    MDB_val value = {.mv_size = sizeof target, .mv_data = &target};
    int status = table_error(mdb_cursor_get(plan->cursor, &key, &value, MDB_GET_BOTH_RANGE));
    if (status < 0 && status != -ENOENT)
        return status;
    list->heads[i] = UINT64_MAX;
    if (status == 0 && value.mv_size == sizeof list->heads[i])
        memcpy(&list->heads[i], value.mv_data, sizeof list->heads[i]);
    return 0;
}

// First sequence at or behind target in the union, in *at; UINT64_MAX when there is none.
static int union_seek(struct filter_plan *plan, struct value_list *list, uint64_t target,
                      uint32_t *budget, uint64_t *at)
{
    *at = UINT64_MAX;
    for (size_t i = 0; i < list->count; i++) {
        int status = posting_seek(plan, list, i, target, budget);
        if (status < 0)
            return status;
        if (list->heads[i] < *at)
            *at = list->heads[i];
    }
    return 0;
}

// One round over all lists: *target moves to the furthest of their answers.
static int leap(struct filter_plan *plan, uint64_t *target, uint32_t *budget, bool *agreed)
{
    bool first = true;
    *agreed = true;
    for (int i = 0; i < LISTS; i++) {
        uint64_t at;
        if (!plan->lists[i].count)
            continue;
        int status = union_seek(plan, &plan->lists[i], *target, budget, &at);
        if (status < 0)
            return status;
        if (at > *target && !first)
            *agreed = false; // the lists before it have not seen this target
        first = false;
        *target = at;
        if (at == UINT64_MAX)
            return 0;
    }
    return 0;
}

int filter_plan_next(struct store_reader *reader, const struct store_filter *filter, uint64_t from,
                     uint32_t *budget, uint64_t *found)
{
    int status = plan_prepare(reader, filter, from);
    uint64_t target = from;
    bool agreed = false;
    while (status == 0 && !agreed) {
        // Never before the target has moved, so that every call gets somewhere.
        if (!*budget && target > from) {
            *found = target;
            return -EAGAIN;
        }
        status = leap(reader->plan, &target, budget, &agreed);
        if (status == 0 && target > reader->indexed)
            status = -ENOENT;
    }
    if (reader->plan)
        reader->plan->floor = target == UINT64_MAX ? from : target;
    *found = target;
    return status;
}

// --- what readers see

static int scan_next(struct store_reader *reader, uint64_t from, const struct store_filter *filter,
                     uint32_t *budget, struct stored_event *out, uint64_t *next)
{
    for (uint64_t at = from; at <= reader->head; at++) {
        *next = at;
        if (!*budget)
            return -EAGAIN;
        (*budget)--;
        *next = at + 1;
        int status = events_scan(reader, at, out);
        // Sequences have no gaps: one that is missing was lost.
        if (status < 0)
            return status == -ENOENT ? -EBADMSG : status;
        if (filter_matches(filter, out))
            return 0;
    }
    *next = reader->head + 1;
    return -ENOENT;
}

int store_next_event(struct store_reader *reader, uint64_t from, const struct store_filter *filter,
                     uint32_t *budget, struct stored_event *out, uint64_t *next)
{
    from = from > reader->first ? from : reader->first;
    if (store_filter_is_empty(filter))
        return scan_next(reader, from, NULL, budget, out, next);
    while (from <= reader->indexed) {
        *next = from;
        if (!*budget)
            return -EAGAIN;
        uint64_t at;
        int status = filter_plan_next(reader, filter, from, budget, &at);
        if (status == -ENOENT)
            break;
        if (status == -EAGAIN)
            *next = at;
        if (status < 0)
            return status;
        *next = from = at + 1;
        status = events_get(reader->store, reader->txn, at, out);
        if (status < 0)
            return status == -ENOENT ? -EBADMSG : status;
        if (filter_matches(filter, out))
            return 0;
    }
    from = from > reader->indexed ? from : reader->indexed + 1;
    return scan_next(reader, from, filter, budget, out, next);
}
