#include "daemon/control.h"

#include "proto/base/log.h"
#include "tests/unit/daemon/client.h"
#include "tests/unit/daemon/parts.h"

// --- the fixture: three articles with events, one of them dead, one pending ---------------------

struct order {
    struct commit commit;
    bool done;
};

static void done_cb(struct commit *commit)
{
    struct order *order = list_entry(commit, struct order, commit);
    order->done = true;
}

static void carry_out(struct parts *parts, const struct write *write)
{
    struct order order = {.commit = {.write = *write, .done_cb = done_cb}};
    commits_submit(parts->telexd.commits, &order.commit);
    PARTS_WAIT(parts, order.done);
    assert_int_equal(order.commit.write.status, 0);
}

static uint64_t make_dead(struct parts *parts)
{
    uint64_t offset = parts_push(parts, "A dead one", 1);
    carry_out(parts, &(struct write){.kind = WRITE_DEAD,
                                     .offset = offset,
                                     .attempts = 3,
                                     .stage = slice_from_text("tagger"),
                                     .last_words = slice_from_text("killed by \"signal\" 11")});
    return offset;
}

static int set_up(void **state)
{
    struct parts *parts = calloc(1, sizeof *parts);
    assert_non_null(parts);
    parts_open(parts);
    parts_make_control(parts);
    lifecycle_post(&parts->telexd.lifecycle, LIFECYCLE_BUILT, "test");
    lifecycle_post(&parts->telexd.lifecycle, LIFECYCLE_RECOVERED, "test");
    struct parts_event event = {.language = "pl", .entity = "Q58217\tperson\tSergey Lavrov"};
    parts_add_events(parts, &event, 2);
    assert_int_equal(make_dead(parts), 3);
    assert_int_equal(parts_push(parts, "A pending one", 1), 4);
    carry_out(parts, &(struct write){
                         .kind = WRITE_CURSOR, .cursor = slice_from_text("desk-3"), .next = 2});
    *state = parts;
    return 0;
}

static int tear_down(void **state)
{
    parts_close(*state);
    free(*state);
    return 0;
}

static struct client client_of(struct parts *parts)
{
    return client_connect(parts->telexd.config->control_endpoint, ZMQ_DEALER);
}

static void beside(void **state, void (*work)(void *arg))
{
    struct parts *parts = *state;
    test_run_beside(&parts->loop, work, parts);
}

// --- looking ------------------------------------------------------------------------------------

static void get(void *arg)
{
    struct client c = client_of(arg);
    json_t *reply = client_ask(&c, FRAME_GET, "{\"offset\":1,\"unknown\":{}}");
    const json_t *article = json_object_get(reply, "article");
    char request[256];
    assert_int_equal(client_number(reply, "offset"), 1);
    assert_int_equal(strlen(client_text(reply, "hash")), 32);
    assert_string_equal(client_text(article, "source"), "PAP");
    assert_string_equal(client_text(json_object_get(reply, "event"), "type"),
                        "telex.article.tagged");
    snprintf(request, sizeof request, "{\"uri\":\"%s\"}", client_text(article, "uri"));
    json_t *by_uri = client_ask(&c, FRAME_GET, request);
    assert_true(json_equal(reply, by_uri));
    json_decref(by_uri);
    json_decref(reply);
    reply = client_ask(&c, FRAME_GET, "{\"offset\":4}");
    assert_true(json_is_null(json_object_get(reply, "event")));
    json_decref(reply);
    client_ask_refused(&c, FRAME_GET, "{\"offset\":99}", "not_found", "article 99");
    client_ask_refused(&c, FRAME_GET, "{\"uri\":\"urn:none\"}", "not_found", "uri");
    client_ask_refused(&c, FRAME_GET, "{}", "bad_request", "either");
    client_ask_refused(&c, FRAME_GET, "{\"offset\":1,\"uri\":\"u\"}", "bad_request", "either");
    client_ask_refused(&c, FRAME_GET, "{\"offset\":0}", "bad_request", "offset");
    client_ask_refused(&c, FRAME_GET, "{\"offset\":-1}", "bad_request", "offset");
    client_ask_refused(&c, FRAME_GET, "{\"offset\":1.5}", "bad_request", "offset");
    client_ask_refused(&c, FRAME_GET, "{\"offset\":\"1\"}", "bad_request", "offset");
    client_ask_refused(&c, FRAME_GET, "{\"uri\":7}", "bad_request", "uri");
    client_disconnect(&c);
}

static void test_get(void **state)
{
    beside(state, get);
}

static void find(void *arg)
{
    struct client c = client_of(arg);
    json_t *reply = client_ask(&c, FRAME_ENTITY, "{\"id\":\"Q58217\"}");
    const json_t *entity = json_object_get(reply, "entity");
    const json_t *events = json_object_get(reply, "events");
    assert_int_equal(client_number(entity, "count"), 2);
    assert_string_equal(client_text(entity, "name"), "Sergey Lavrov");
    assert_int_equal(json_array_size(events), 2);
    assert_string_equal(client_text(json_array_get(events, 0), "sequence"), "00000000000000000002");
    json_decref(reply);
    reply = client_ask(&c, FRAME_ENTITY, "{\"id\":\"Q58217\",\"before\":2,\"limit\":1}");
    events = json_object_get(reply, "events");
    assert_int_equal(json_array_size(events), 1);
    assert_string_equal(client_text(json_array_get(events, 0), "sequence"), "00000000000000000001");
    json_decref(reply);
    reply = client_ask(&c, FRAME_FIND, "{\"name\":\"Nobody\",\"prefix\":true,\"limit\":1000}");
    assert_int_equal(json_array_size(json_object_get(reply, "entities")), 0);
    json_decref(reply);
    client_ask_refused(&c, FRAME_ENTITY, "{\"id\":\"Q1\"}", "not_found", "entity");
    client_ask_refused(&c, FRAME_ENTITY, "{\"id\":\"\"}", "bad_request", "id");
    client_ask_refused(&c, FRAME_ENTITY, "{\"id\":\"Q1\",\"limit\":0}", "bad_request", "limit");
    client_ask_refused(&c, FRAME_FIND, "{}", "bad_request", "name");
    client_ask_refused(&c, FRAME_FIND, "{\"name\":\"?!\"}", "bad_request", "letters");
    client_ask_refused(&c, FRAME_FIND, "{\"name\":\"a\",\"limit\":1001}", "bad_request", "1000");
    client_ask_refused(&c, FRAME_FIND, "{\"name\":\"a\",\"prefix\":1}", "bad_request", "prefix");
    client_disconnect(&c);
}

static void test_find_and_entity(void **state)
{
    beside(state, find);
}

static void misuse(void *arg)
{
    struct client c = client_of(arg);
    client_ask_refused(&c, FRAME_GET, "[1]", "bad_request", "object");
    client_ask_refused(&c, FRAME_GET, "{", "bad_json", "column 1");
    client_ask_refused(&c, FRAME_GET, "{\"offset\":1,\"offset\":2}", "bad_json", "duplicate");
    client_ask_refused(&c, FRAME_PUSH, "{}", "unknown_request", "0x02");
    client_ask_refused(&c, 0x7e, "", "unknown_request", "0x7e");
    json_t *reply = client_ask(&c, FRAME_HELLO, "");
    assert_string_equal(client_text(reply, "endpoint"), "control");
    json_decref(reply);
    client_disconnect(&c);
}

static void test_misuse(void **state)
{
    beside(state, misuse);
}

// --- STATS --------------------------------------------------------------------------------------

// Every line is a comment or a sample of a family that was declared before; nothing follows # EOF.
static void check_openmetrics(const char *text)
{
    char family[128] = "";
    bool over = false;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        assert_false(over);
        over = strncmp(line, "# EOF\n", 6) == 0;
        if (sscanf(line, "# TYPE %127s", family) == 1 || line[0] == '#')
            continue;
        if (strncmp(line, family, strlen(family)) != 0)
            fail_msg("sample outside of its family: %.60s", line);
        assert_non_null(strchr(line, ' '));
    }
    assert_true(over);
}

static void stats(void *arg)
{
    struct client c = client_of(arg);
    json_t *reply = client_ask(&c, FRAME_STATS, "");
    assert_string_equal(client_text(reply, "state"), "running");
    assert_string_equal(client_text(reply, "version"), TELEX_VERSION);
    assert_int_equal(client_number(reply, "articles"), 4);
    assert_int_equal(client_number(reply, "events"), 3);
    assert_int_equal(client_number(reply, "pending"), 1);
    assert_int_equal(client_number(reply, "dead"), 1);
    assert_int_equal(client_number(reply, "cursors"), 1);
    assert_int_equal(client_number(reply, "stream_damaged"), 0);
    json_decref(reply);
    reply = client_ask(&c, FRAME_STATS, "{\"format\":\"openmetrics\"}");
    const char *text = client_text(reply, "text");
    check_openmetrics(text);
    assert_non_null(strstr(text, "# TYPE telex_events gauge\n"));
    assert_non_null(strstr(text, "\ntelex_events 3\n"));
    assert_non_null(strstr(text, "# UNIT telex_used_bytes bytes\n"));
    assert_non_null(strstr(text, "\ntelex_state{telex_state=\"running\"} 1\n"));
    assert_non_null(strstr(text, "\ntelex_commit_seconds_bucket{le=\"+Inf\"} "));
    json_decref(reply);
    client_ask_refused(&c, FRAME_STATS, "{\"format\":\"xml\"}", "bad_request", "openmetrics");
    client_disconnect(&c);
}

static void test_stats(void **state)
{
    beside(state, stats);
}

// --- dead letters and cursors -------------------------------------------------------------------

static void dead(void *arg)
{
    struct client c = client_of(arg);
    json_t *reply = client_ask(&c, FRAME_DEAD_LIST, "");
    const json_t *list = json_object_get(reply, "dead"), *first = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 1);
    assert_int_equal(client_number(first, "offset"), 3);
    assert_int_equal(client_number(first, "sequence"), 3);
    assert_int_equal(client_number(first, "attempts"), 3);
    assert_string_equal(client_text(first, "stage"), "tagger");
    assert_string_equal(client_text(first, "last_words"), "killed by \"signal\" 11");
    assert_true(strlen(client_text(first, "uri")) > 0);
    json_decref(reply);
    reply = client_ask(&c, FRAME_DEAD_LIST, "{\"from\":4}");
    assert_int_equal(json_array_size(json_object_get(reply, "dead")), 0);
    json_decref(reply);
    reply = client_ask(&c, FRAME_DEAD_SHOW, "{\"offset\":3}");
    assert_string_equal(client_text(json_object_get(reply, "article"), "title"), "A dead one");
    json_decref(reply);
    client_ask_refused(&c, FRAME_DEAD_SHOW, "{\"offset\":1}", "not_found", "dead letter");
    client_ask_refused(&c, FRAME_DEAD_RETRY, "{\"offset\":1}", "not_found", "dead letter");
    client_ask_refused(&c, FRAME_DEAD_DROP, "{}", "bad_request", "either");
    client_ask_refused(&c, FRAME_DEAD_DROP, "{\"all\":false}", "bad_request", "either");
    client_ask_refused(&c, FRAME_DEAD_DROP, "{\"all\":1}", "bad_request", "all");
    reply = client_ask(&c, FRAME_DEAD_RETRY, "{\"offset\":3}");
    assert_int_equal(client_number(reply, "retried"), 1);
    json_decref(reply);
    client_disconnect(&c);
}

static void test_dead_letters(void **state)
{
    struct parts *parts = *state;
    beside(state, dead);
    assert_int_equal(parts_count(parts).dead, 0);
    assert_int_equal(parts_count(parts).pending, 2);
    uint64_t from;
    queue_wanted(parts->telexd.queue, &from); // it will look at the retried one again
    assert_true(from <= 3);
}

// More than a page of them.
enum { MANY_DEAD = 300 };

static void drop_all(void *arg)
{
    struct client c = client_of(arg);
    json_t *reply = client_ask(&c, FRAME_DEAD_DROP, "{\"all\":true}");
    assert_int_equal(client_number(reply, "dropped"), MANY_DEAD + 1);
    json_decref(reply);
    reply = client_ask(&c, FRAME_DEAD_RETRY, "{\"all\":true}");
    assert_int_equal(client_number(reply, "retried"), 0);
    json_decref(reply);
    client_disconnect(&c);
}

static void test_all_dead_letters(void **state)
{
    struct parts *parts = *state;
    for (int i = 0; i < MANY_DEAD; i++)
        make_dead(parts);
    beside(state, drop_all);
    assert_int_equal(parts_count(parts).dead, 0);
}

static void cursors(void *arg)
{
    struct client c = client_of(arg);
    json_t *reply = client_ask(&c, FRAME_CURSOR_LIST, "{}");
    const json_t *first = json_array_get(json_object_get(reply, "cursors"), 0);
    assert_int_equal(client_number(reply, "head"), 3);
    assert_string_equal(client_text(first, "name"), "desk-3");
    assert_int_equal(client_number(first, "next"), 2);
    json_decref(reply);
    json_decref(client_ask(&c, FRAME_CURSOR_DROP, "{\"name\":\"desk-3\"}"));
    client_ask_refused(&c, FRAME_CURSOR_DROP, "{\"name\":\"desk-3\"}", "not_found", "cursor");
    client_ask_refused(&c, FRAME_CURSOR_DROP, "{\"name\":[]}", "bad_request", "name");
    client_disconnect(&c);
}

static void test_cursors(void **state)
{
    beside(state, cursors);
    assert_int_equal(parts_count(*state).cursors, 0);
}

// --- VERIFY and BACKUP --------------------------------------------------------------------------

static void verify(void *arg)
{
    struct client c = client_of(arg);
    json_t *reply = client_ask(&c, FRAME_VERIFY, "");
    assert_int_equal(client_number(reply, "articles"), 4);
    assert_int_equal(client_number(reply, "events"), 3);
    assert_int_equal(client_number(reply, "damaged"), 0);
    assert_int_equal(json_array_size(json_object_get(reply, "problems")), 0);
    json_decref(reply);
    client_disconnect(&c);
}

static void test_verify(void **state)
{
    beside(state, verify);
}

static void backup(void *arg)
{
    struct parts *parts = arg;
    struct client c = client_of(parts);
    char request[256];
    snprintf(request, sizeof request, "{\"directory\":\"%s/copy\"}", parts->folder.path);
    json_t *reply = client_ask(&c, FRAME_BACKUP, request);
    assert_true(client_number(reply, "bytes") > 0);
    json_decref(reply);
    client_ask_refused(&c, FRAME_BACKUP, request, "bad_request", "copy");
    client_ask_refused(&c, FRAME_BACKUP, "{\"directory\":\"relative\"}", "bad_request", "absolute");
    client_ask_refused(&c, FRAME_BACKUP, "{}", "bad_request", "directory");
    client_disconnect(&c);
}

static void test_backup(void **state)
{
    struct parts *parts = *state;
    beside(state, backup);
    char directory[128];
    snprintf(directory, sizeof directory, "%s/copy", parts->folder.path);
    struct store_options options = {.directory = directory, .read_only = true};
    struct store *copy;
    struct store_verdict verdict;
    struct err err = {""};
    if (store_open(&copy, &options, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(store_verify(copy, &verdict, NULL, NULL, &(bool){false}, &err), 0);
    assert_int_equal(verdict.damaged, 0);
    assert_int_equal(verdict.articles, 4);
    store_close(copy);
}

// libuv's pool has four threads: while all of them wait, a VERIFY is under way for certain.
enum { POOL_THREADS = 4 };
static uv_sem_t hold;
static uv_work_t holders[POOL_THREADS];

static void hold_cb(uv_work_t *work)
{
    (void)work;
    uv_sem_wait(&hold);
}

static void hold_threads(struct parts *parts)
{
    uv_sem_init(&hold, 0);
    for (int i = 0; i < POOL_THREADS; i++)
        uv_queue_work(&parts->loop, &holders[i], hold_cb, NULL);
}

static void release_threads(void)
{
    for (int i = 0; i < POOL_THREADS; i++)
        uv_sem_post(&hold);
}

static void two_at_once(void *arg)
{
    struct client c = client_of(arg);
    char text[4096];
    client_send(&c, FRAME_VERIFY, 1, "");
    client_send(&c, FRAME_VERIFY, 2, "");
    client_expect_error(&c, 2, "busy", "one at a time");
    release_threads();
    assert_int_equal(client_receive(&c, text, sizeof text).id, 1);
    client_disconnect(&c);
}

static void test_one_at_a_time(void **state)
{
    hold_threads(*state);
    beside(state, two_at_once);
}

static void order_while_draining(void *arg)
{
    struct client c = client_of(arg);
    client_ask_refused(&c, FRAME_VERIFY, "", "stopping", "");
    client_ask_refused(&c, FRAME_DEAD_DROP, "{\"all\":true}", "stopping", "");
    json_t *reply = client_ask(&c, FRAME_STATS, "");
    assert_string_equal(client_text(reply, "state"), "draining");
    json_decref(reply);
    client_disconnect(&c);
}

static void test_draining_answers_questions_only(void **state)
{
    struct parts *parts = *state;
    lifecycle_post(&parts->telexd.lifecycle, LIFECYCLE_STOP, "test");
    beside(state, order_while_draining);
}

// Closing while a verify runs waits for it.
static void begin_verify(void *arg)
{
    struct client c = client_of(arg);
    client_send(&c, FRAME_VERIFY, 1, "");
    client_send(&c, FRAME_VERIFY, 2, "");
    client_expect_error(&c, 2, "busy", "one at a time");
    client_disconnect(&c);
}

static void test_closing_waits_for_a_job(void **state)
{
    hold_threads(*state);
    beside(state, begin_verify);
    control_cancel(((struct parts *)*state)->telexd.control);
    release_threads();
}

// So does closing while a question is answered; the loop learns of its end only then.
static void test_closing_waits_for_a_question(void **state)
{
    struct parts *parts = *state;
    hold_threads(parts);
    struct client c = client_of(parts);
    client_send(&c, FRAME_GET, 1, "{\"offset\":1}");
    PARTS_WAIT(parts, control_requests(parts->telexd.control) == 1);
    client_disconnect(&c);
    release_threads();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        TEST(test_get),
        TEST(test_find_and_entity),
        TEST(test_misuse),
        TEST(test_stats),
        TEST(test_dead_letters),
        TEST(test_all_dead_letters),
        TEST(test_cursors),
        TEST(test_verify),
        TEST(test_backup),
        TEST(test_one_at_a_time),
        TEST(test_draining_answers_questions_only),
        TEST(test_closing_waits_for_a_job),
        TEST(test_closing_waits_for_a_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
