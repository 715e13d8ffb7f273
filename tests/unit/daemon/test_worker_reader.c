#include "daemon/worker_reader.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/cmocka_all.h"

static size_t put_frame(char *at, uint8_t version, uint8_t kind, uint64_t id, struct slice payload)
{
    struct worker_head head = {version, kind, (uint32_t)payload.len, id};
    worker_head_encode(&head, (uint8_t *)at);
    if (payload.len)
        memcpy(at + WORKER_HEAD_BYTES, payload.ptr, payload.len);
    return WORKER_HEAD_BYTES + payload.len;
}

static void feed(struct worker_reader *reader, const char *bytes, size_t len)
{
    while (len) {
        size_t room;
        char *at = worker_reader_room(reader, &room);
        assert_non_null(at);
        size_t part = room < len ? room : len;
        memcpy(at, bytes, part);
        worker_reader_filled(reader, part);
        bytes += part;
        len -= part;
    }
}

static void test_frames_come_out_however_they_were_cut(void **state)
{
    (void)state;
    char bytes[256];
    size_t len = put_frame(bytes, 1, WORKER_HELLO, 0, slice_from_text("{}"));
    len += put_frame(bytes + len, 1, WORKER_RESULT, 77, slice_from_text("a result"));
    len += put_frame(bytes + len, 1, WORKER_PONG, 3, slice_from(NULL, 0));
    for (size_t cut = 1; cut <= len; cut++) {
        struct worker_reader reader;
        worker_reader_init(&reader);
        struct worker_head head;
        struct slice payload;
        uint64_t ids[3];
        size_t count = 0;
        for (size_t at = 0; at < len; at += cut) {
            feed(&reader, bytes + at, at + cut < len ? cut : len - at);
            int more;
            while ((more = worker_reader_next(&reader, &head, &payload)) == 1) {
                if (head.kind == WORKER_RESULT)
                    assert_true(slice_is(payload, "a result"));
                ids[count++] = head.id;
            }
            assert_int_equal(more, 0);
        }
        assert_int_equal(count, 3);
        assert_int_equal(ids[0], 0);
        assert_int_equal(ids[1], 77);
        assert_int_equal(ids[2], 3);
        worker_reader_fini(&reader);
    }
}

static void test_a_large_frame_grows_the_buffer_and_gives_it_back(void **state)
{
    (void)state;
    size_t body = 5 * 1024 * 1024;
    char *bytes = calloc(1, WORKER_HEAD_BYTES + body);
    size_t len = put_frame(bytes, 1, WORKER_RESULT, 5, slice_from(NULL, 0));
    bytes[4] = (char)(body & 0xff), bytes[5] = (char)(body >> 8 & 0xff);
    bytes[6] = (char)(body >> 16 & 0xff);
    len += body;
    struct worker_reader reader;
    worker_reader_init(&reader);
    struct worker_head head;
    struct slice payload;
    feed(&reader, bytes, len - 1);
    assert_int_equal(worker_reader_next(&reader, &head, &payload), 0);
    feed(&reader, bytes + len - 1, 1);
    assert_int_equal(worker_reader_next(&reader, &head, &payload), 1);
    assert_int_equal(payload.len, body);
    size_t room;
    assert_non_null(worker_reader_room(&reader, &room));
    assert_true(reader.capacity < 1024 * 1024);
    worker_reader_fini(&reader);
    free(bytes);
}

static int verdict(uint8_t version, uint8_t kind, uint32_t len)
{
    struct worker_head head = {version, kind, len, 1};
    uint8_t bytes[WORKER_HEAD_BYTES];
    worker_head_encode(&head, bytes);
    struct worker_reader reader;
    worker_reader_init(&reader);
    feed(&reader, (const char *)bytes, sizeof bytes);
    struct slice payload;
    int result = worker_reader_next(&reader, &head, &payload);
    worker_reader_fini(&reader);
    return result;
}

static void test_refuses_what_a_worker_may_not_say(void **state)
{
    (void)state;
    assert_int_equal(verdict(1, WORKER_RESULT, 100), 0);
    assert_int_equal(verdict(2, WORKER_RESULT, 100), -EPROTO);
    assert_int_equal(verdict(1, WORKER_JOB, 0), -EBADMSG);
    assert_int_equal(verdict(1, WORKER_PING, 0), -EBADMSG);
    assert_int_equal(verdict(1, WORKER_PONG, 1), -EBADMSG);
    assert_int_equal(verdict(1, WORKER_HELLO, 65537), -EBADMSG);
    assert_int_equal(verdict(1, WORKER_RESULT, WORKER_PAYLOAD_MAX + 1), -EBADMSG);
    assert_int_equal(verdict(1, 99, 0), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_come_out_however_they_were_cut),
        cmocka_unit_test(test_a_large_frame_grows_the_buffer_and_gives_it_back),
        cmocka_unit_test(test_refuses_what_a_worker_may_not_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
