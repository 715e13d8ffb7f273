#include "tests/crash/states/workload.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/clock.h"

enum { GROUP_MOST = 24, BODY_MOST = 9000, WRITER_DEADLINE_MS = 60000 };

struct workload {
    struct fixture *fx;
    struct promises *promises;
    void (*promised)(size_t count);
    unsigned number;      // of the next article
    uint64_t last_offset; // accepted
    uint64_t dead;        // offset of the newest dead letter
    uint64_t sequence;    // of the newest event
};

static void tell(struct workload *work)
{
    work->promised(work->promises->count);
}

static void make_article(unsigned number, struct buf *record)
{
    static char body[BODY_MOST + 1];
    char uri[32], title[48];
    size_t len = number % 7 == 0 ? number * 977 % BODY_MOST : 80 + number % 50;
    memset(body, 'a' + (int)(number % 26), len);
    body[len] = '\0';
    snprintf(uri, sizeof uri, "urn:state:%u", number);
    snprintf(title, sizeof title, "Title number %u", number);
    struct test_article article = {.uri = uri, .title = title, .source = "wire", .body = body};
    encode_article(record, &article);
}

// A group of articles, all submitted at once.
static void accept_group(struct workload *work, unsigned count)
{
    struct buf records[GROUP_MOST];
    struct slice slices[GROUP_MOST];
    struct ack acks[GROUP_MOST] = {0};
    struct write writes[GROUP_MOST];
    for (unsigned i = 0; i < count; i++) {
        make_article(work->number++, &records[i]);
        slices[i] = buf_slice(&records[i]);
        writes[i] = (struct write){
            .kind = WRITE_ARTICLES, .records = &slices[i], .acks = &acks[i], .count = 1};
    }
    fixture_write(work->fx, writes, count);
    for (unsigned i = 0; i < count; i++) {
        check_must(writes[i].status == 0 && acks[i].code == WIRE_OK && !acks[i].duplicate);
        promises_add(work->promises, (struct promise){.kind = PROMISE_ARTICLE,
                                                      .number = acks[i].offset,
                                                      .hash = hash128_of(slices[i])});
        work->last_offset = acks[i].offset;
        buf_fini(&records[i]);
    }
    tell(work);
}

static void promise_event(struct workload *work, uint64_t sequence)
{
    struct stored_event event;
    read_begin(work->fx);
    check_must(store_get_event(work->fx->reader, sequence, &event) == 0);
    promises_add(work->promises, (struct promise){.kind = PROMISE_EVENT,
                                                  .number = sequence,
                                                  .hash = promises_hash_event(&event)});
    read_end(work->fx);
    work->sequence = sequence;
    for (size_t i = work->promises->count; i--;) {
        struct promise *promise = &work->promises->at[i];
        if (promise->kind == PROMISE_ARTICLE && promise->number == event.offset)
            promise->event = sequence;
    }
    tell(work);
}

static void tag(struct workload *work, uint64_t offset)
{
    char id[16], name[32], spelling[32];
    snprintf(id, sizeof id, "Q%u", (unsigned)(offset % 37));
    snprintf(name, sizeof name, "Person %u", (unsigned)(offset % 37));
    snprintf(spelling, sizeof spelling, "person %u", (unsigned)(offset % 101));
    struct test_entity entity = {id, "person", name, spelling};
    uint64_t sequence;
    check_must(tag_article(work->fx, offset, offset % 2 ? "en" : "pl", &entity, 1, &sequence) == 0);
    promise_event(work, sequence);
}

static void bury(struct workload *work, uint64_t offset)
{
    check_must(kill_article(work->fx, offset, "signal 11") == 0);
    work->dead = offset;
    promise_event(work, work->sequence + 1);
}

static void set_forward(struct workload *work)
{
    uint64_t next = work->sequence + 1;
    check_must(set_cursor(work->fx, PROMISES_CURSOR, next) == 0);
    promises_add(work->promises, (struct promise){.kind = PROMISE_CURSOR, .number = next});
    tell(work);
}

static void retry(struct workload *work)
{
    if (!work->dead)
        return;
    check_must(write_offset(work->fx, WRITE_RETRY, work->dead) == 0);
    tag(work, work->dead);
    work->dead = 0;
}

// Until the writer, by itself, has come so far.
static void wait_until(struct workload *work,
                       bool (*done)(const struct workload *work, const struct store_counts *counts))
{
    int64_t deadline = clock_mono_ns() + WRITER_DEADLINE_MS * (int64_t)1000000;
    struct store_counts counts;
    do {
        check_must(clock_mono_ns() < deadline);
        poll(NULL, 0, 1);
        read_begin(work->fx);
        check_must(store_count(work->fx->reader, &counts) == 0);
        read_end(work->fx);
    } while (!done(work, &counts));
}

static bool is_indexed(const struct workload *work, const struct store_counts *counts)
{
    return counts->indexed >= work->sequence;
}

static bool is_removed(const struct workload *work, const struct store_counts *counts)
{
    return work->sequence <= work->promises->kept ||
           counts->first == work->sequence - work->promises->kept + 1;
}

static void remove_past(struct workload *work)
{
    struct store_retention retention = {.events = work->promises->kept};
    writer_set_retention(work->fx->writer, &retention);
    wait_until(work, is_removed);
}

static void run_round(struct workload *work, unsigned round)
{
    uint64_t from = work->last_offset + 1;
    accept_group(work, 1 + round * 5 % GROUP_MOST);
    for (uint64_t offset = from; offset <= work->last_offset; offset++) {
        if (offset % 13 == 0)
            bury(work, offset);
        else if (offset % 29)
            tag(work, offset); // the others stay pending
    }
    if (round % 3 == 0)
        set_forward(work);
    if (round % 4 == 3)
        retry(work);
    if (round % 5 == 2)
        wait_until(work, is_indexed);
    if (work->promises->kept && round % 3 == 1)
        remove_past(work);
    if (round % 7 == 6) {
        fixture_close(work->fx);
        fixture_open(work->fx);
    }
}

void workload_run(struct fixture *fx, unsigned rounds, struct promises *promises,
                  void (*promised)(size_t count))
{
    struct workload work = {.fx = fx, .promises = promises, .promised = promised};
    fixture_open(fx);
    for (unsigned round = 0; round < rounds; round++)
        run_round(&work, round);
    wait_until(&work, is_indexed);
    fixture_close(fx);
}
