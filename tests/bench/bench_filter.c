// Filtered replay against scanning, on the store itself.
//   bench-filter fill DIRECTORY RECORDS EVENTS   a store with so many tagged events; one in 1,000
//   names entity Q1 bench-filter compare DIRECTORY               reads those events through the
//   posting lists, then by comparing every event
// Prints JSON.
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/store/writer.h"
#include "proto/base/clock.h"
#include "tests/bench/load.h"

enum { RARE = 1000, REQUEST = 256 };

static struct store *open_store(const char *directory)
{
    struct store *store;
    struct err err = {0};
    struct store_options options = {.directory = directory,
                                    .map_size = (uint64_t)64 << 30,
                                    .map_limit = (uint64_t)64 << 30,
                                    .event_source = "/telex"};
    if (store_open(&store, &options, &err) < 0)
        load_die("%s", err_text(&err));
    return store;
}

static void wake_cb(void *arg)
{
    sem_post(arg);
}

static void submit_and_wait(struct writer *writer, sem_t *finished, struct write *writes,
                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        writer_submit(writer, &writes[i]);
    for (size_t done = 0; done < count;) {
        struct list list;
        list_init(&list);
        writer_collect(writer, &list);
        struct list *link = list_pop(&list);
        if (!link)
            sem_wait(finished);
        for (; link; link = list_pop(&list), done++)
            if (list_entry(link, struct write, link)->status < 0)
                load_die("write failed: %d", list_entry(link, struct write, link)->status);
    }
}

static void put_articles(struct writer *writer, sem_t *finished, const struct load *load,
                         uint64_t first, size_t count)
{
    static struct buf bytes = {.limit = (size_t)REQUEST * 8192};
    static struct slice records[REQUEST];
    static struct ack acks[REQUEST];
    static size_t ends[REQUEST];
    buf_reset(&bytes);
    for (size_t i = 0; i < count; i++) {
        load_put(load, &bytes, first + i, "filter");
        ends[i] = bytes.len;
    }
    for (size_t i = 0; i < count; i++)
        records[i] = slice_from(bytes.ptr + (i ? ends[i - 1] : 0), ends[i] - (i ? ends[i - 1] : 0));
    struct write write = {.kind = WRITE_ARTICLES, .records = records, .acks = acks, .count = count};
    submit_and_wait(writer, finished, &write, 1);
}

// A result as a worker makes it: six entities of a few thousand, and every thousandth article the
// rare one.
static void make_result(struct buf *keys, struct buf *data, struct result *result, uint64_t number)
{
    char entity[64];
    buf_reset(keys);
    buf_reset(data);
    buf_put_text(data, "{\"language\":{\"tag\":\"en\",\"confidence\":0.98},\"entities\":[");
    for (uint64_t i = 0; i < 6; i++) {
        bool rare = i == 0 && number % RARE == 0;
        unsigned long long id = rare ? 1 : 2 + (number * 7919 + i * 104729) % 5000;
        snprintf(entity, sizeof entity, "Q%llu\tperson\tPerson %llu", id, id);
        result_key_encode(keys, KEY_ENTITY, slice_from_text(entity));
        buf_printf(
            data,
            "%s{\"id\":\"Q%llu\",\"type\":\"person\",\"name\":\"Person %llu\",\"mentions\":[]}",
            i ? "," : "", id, id);
    }
    buf_put_text(data, "],\"tagger\":{\"version\":\"bench\"}}");
    result_key_encode(keys, KEY_LANGUAGE, slice_from_text("en"));
    *result = (struct result){
        .status = RESULT_TAGGED, .key_count = 7, .keys = buf_slice(keys), .data = buf_slice(data)};
}

static void put_events(struct writer *writer, sem_t *finished, uint64_t first, size_t count)
{
    static struct buf keys[REQUEST], data[REQUEST];
    static struct result results[REQUEST];
    static struct write writes[REQUEST];
    for (size_t i = 0; i < count; i++) {
        keys[i].limit = data[i].limit = 65536;
        make_result(&keys[i], &data[i], &results[i], first + i);
        writes[i] =
            (struct write){.kind = WRITE_TAGGED, .offset = first + i + 1, .result = &results[i]};
    }
    submit_and_wait(writer, finished, writes, count);
}

static void wait_until_indexed(struct store *store, uint64_t events)
{
    struct store_reader *reader;
    struct store_counts counts = {0};
    if (store_reader_open(store, &reader, NULL) < 0)
        load_die("no reader");
    while (counts.indexed < events) {
        store_read_begin(reader);
        store_count(reader, &counts);
        store_read_end(reader);
    }
    store_reader_close(reader);
}

static void fill(const char *directory, const char *records, uint64_t count)
{
    struct load load;
    struct store *store = open_store(directory);
    struct writer *writer;
    sem_t finished;
    sem_init(&finished, 0, 0);
    load_read(&load, records);
    if (writer_start(store, wake_cb, &finished, &writer, NULL) < 0)
        load_die("no writer");
    for (uint64_t at = 0; at < count; at += REQUEST) {
        size_t step = count - at < REQUEST ? (size_t)(count - at) : REQUEST;
        put_articles(writer, &finished, &load, at, step);
        put_events(writer, &finished, at, step);
    }
    wait_until_indexed(store, count);
    writer_stop(writer);
    writer_free(writer);
    store_close(store);
    load_free(&load);
    puts("{}");
}

static bool names_rare(const struct stored_event *event)
{
    struct cursor keys = cursor_from(event->keys);
    struct result_key key;
    while (result_key_decode(&keys, &key) == 1)
        if (key.kind == KEY_ENTITY && key.value.len > 3 && memcmp(key.value.ptr, "Q1\t", 3) == 0)
            return true;
    return false;
}

static uint64_t replay(struct store_reader *reader, const struct store_filter *filter, bool compare)
{
    struct stored_event event;
    uint64_t next = 1, found = 0;
    int status;
    do {
        uint32_t budget = 1 << 30;
        store_read_begin(reader);
        while ((status = store_next_event(reader, next, filter, &budget, &event, &next)) == 0)
            found += !compare || names_rare(&event);
        store_read_end(reader);
    } while (status == -EAGAIN);
    return found;
}

static void compare(const char *directory)
{
    const struct slice rare = slice_from_text("Q1");
    const struct store_filter filter = {.entities = &rare, .entity_count = 1};
    struct store *store = open_store(directory);
    struct store_reader *reader;
    if (store_reader_open(store, &reader, NULL) < 0)
        load_die("no reader");
    uint64_t scanned = replay(reader, NULL, true); // warms the page cache for both
    int64_t start = clock_mono_ns();
    scanned = replay(reader, NULL, true);
    int64_t middle = clock_mono_ns();
    uint64_t filtered = 0;
    for (int i = 0; i < 20; i++)
        filtered = replay(reader, &filter, false);
    int64_t end = clock_mono_ns();
    if (filtered != scanned || !filtered)
        load_die("filter found %llu, scan %llu", (unsigned long long)filtered,
                 (unsigned long long)scanned);
    printf("{\"events_found\":%llu,\"scan_seconds\":%.6f,\"filter_seconds\":%.6f}\n",
           (unsigned long long)filtered, (double)(middle - start) / 1e9,
           (double)(end - middle) / 20e9);
    store_reader_close(reader);
    store_close(store);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "fill") == 0)
        fill(argv[2], argv[3], strtoull(argv[4], NULL, 10));
    else if (argc == 3 && strcmp(argv[1], "compare") == 0)
        compare(argv[2]);
    else
        load_die(
            "usage: bench-filter fill DIRECTORY RECORDS EVENTS | bench-filter compare DIRECTORY");
    return 0;
}
