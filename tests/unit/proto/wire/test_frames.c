#include "proto/wire/frame.h"

#include <errno.h>

#include "proto/wire/events.h"
#include "proto/wire/worker.h"
#include "tests/unit/cmocka_all.h"

static void test_header_vector(void **state)
{
    (void)state;
    static const uint8_t expected[FRAME_BYTES] = {'T', 'L', 'X', 1, 2, 0, 0, 0, 1};
    uint8_t out[FRAME_BYTES];
    frame_encode(&(struct frame){.version = 1, .kind = FRAME_PUSH, .id = 1}, out);
    assert_memory_equal(out, expected, FRAME_BYTES);
}

static void test_headers_survive_and_faults_are_named(void **state)
{
    (void)state;
    uint8_t out[FRAME_BYTES];
    struct frame frame;
    frame_encode(
        &(struct frame){.version = 1, .kind = FRAME_GET | FRAME_REPLY, .id = 0xfedcba9876543210},
        out);
    assert_int_equal(frame_decode(slice_from(out, 16), &frame), WIRE_OK);
    assert_true(frame.id == 0xfedcba9876543210 && frame.kind == 0xa0);
    assert_int_equal(frame_decode(slice_from(out, 15), &frame), WIRE_BAD_FRAME);
    assert_int_equal(frame_decode(slice_from(NULL, 0), &frame), WIRE_BAD_FRAME);
    out[3] = 9;
    assert_int_equal(frame_decode(slice_from(out, 16), &frame), WIRE_BAD_VERSION);
    assert_true(frame.id == 0xfedcba9876543210);
    out[3] = 1;
    out[6] = 1;
    assert_int_equal(frame_decode(slice_from(out, 16), &frame), WIRE_BAD_FRAME);
    out[0] = 'X';
    assert_int_equal(frame_decode(slice_from(out, 16), &frame), WIRE_BAD_FRAME);
}

static void test_names_and_codes(void **state)
{
    (void)state;
    assert_string_equal(frame_kind_name(FRAME_OPEN), "OPEN");
    assert_string_equal(frame_kind_name(0x7f), "unknown");
    assert_string_equal(wire_code_name(WIRE_STORE_FULL), "store_full");
    assert_true(wire_code_is_retryable(WIRE_STORE_FULL));
    assert_false(wire_code_is_retryable(WIRE_BAD_UTF8));
    assert_int_equal(wire_code_from_name(slice_from_text("cursor_taken")), WIRE_CURSOR_TAKEN);
    assert_int_equal(wire_code_from_name(slice_from_text("from the future")), WIRE_INTERNAL);
    struct buf out;
    buf_init(&out, 100);
    wire_error_encode(&out, WIRE_BUSY, "a \"queue\"");
    assert_true(slice_is(buf_slice(&out),
                         "{\"code\":\"busy\",\"message\":\"a \\\"queue\\\"\",\"retryable\":true}"));
    buf_fini(&out);
}

static void test_events(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 1000);
    events_head_encode(&out, &(struct events_head){0});
    event_record_encode(&out, &(struct event_record){.sequence = 7, .json = slice_from_text("{}")});
    events_head_patch(&out, 0, &(struct events_head){.next = 8, .count = 1, .live = true});
    struct cursor cursor = cursor_from(buf_slice(&out));
    struct events_head head;
    struct event_record record;
    assert_int_equal(events_head_decode(&cursor, &head), 0);
    assert_true(head.next == 8 && head.count == 1 && head.live);
    assert_int_equal(event_record_decode(&cursor, &record), 0);
    assert_true(record.sequence == 7 && slice_is(record.json, "{}"));
    assert_true(cursor_is_done(&cursor));
    cursor = cursor_from(slice_from(out.ptr + 16, out.len - 17));
    assert_int_equal(event_record_decode(&cursor, &record), -EBADMSG);
    buf_fini(&out);
}

static void test_worker_heads(void **state)
{
    (void)state;
    uint8_t bytes[WORKER_HEAD_BYTES];
    struct worker_head head = {.version = 1, .kind = WORKER_JOB, .len = 4096, .id = 1ull << 50};
    struct worker_head back;
    worker_head_encode(&head, bytes);
    assert_int_equal(worker_head_decode(bytes, &back), 0);
    assert_true(back.kind == WORKER_JOB && back.len == 4096 && back.id == head.id);
    bytes[1] = 2;
    assert_int_equal(worker_head_decode(bytes, &back), -EPROTO);
    bytes[0] = 'V';
    assert_int_equal(worker_head_decode(bytes, &back), -EBADMSG);
    head.len = WORKER_PAYLOAD_MAX + 1;
    worker_head_encode(&head, bytes);
    assert_int_equal(worker_head_decode(bytes, &back), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header_vector),
        cmocka_unit_test(test_headers_survive_and_faults_are_named),
        cmocka_unit_test(test_names_and_codes),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_worker_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
