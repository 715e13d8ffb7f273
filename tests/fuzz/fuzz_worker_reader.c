#include "daemon/worker_reader.h"
#include "proto/base/hash.h"
#include "tests/fuzz/fuzz.h"

// What was taken out, as one number: the order and every byte of it.
struct taken {
    uint64_t hash;
    size_t frames;
    int status; // of the last worker_reader_next
};

static void take_frames(struct worker_reader *reader, struct taken *taken)
{
    struct worker_head head;
    struct slice payload;
    while ((taken->status = worker_reader_next(reader, &head, &payload)) == 1) {
        check_must(payload.len == head.len);
        uint64_t seen[] = {taken->hash, head.kind, head.len, head.id};
        taken->hash = hash64(payload, hash64(slice_from(seen, sizeof seen), 0));
        taken->frames++;
    }
}

// As the loop reads a pipe: at most `step` bytes at a time, until the reader refuses.
static struct taken read_in_steps(const uint8_t *data, size_t size, size_t step)
{
    struct worker_reader reader;
    struct taken taken = {0};
    worker_reader_init(&reader);
    for (size_t at = 0; at < size && taken.status >= 0;) {
        size_t room, len = size - at < step ? size - at : step;
        char *place = worker_reader_room(&reader, &room);
        check_must(place && room);
        len = len < room ? len : room;
        memcpy(place, data + at, len);
        worker_reader_filled(&reader, len);
        at += len;
        take_frames(&reader, &taken);
        check_must(reader.capacity <= 2 * at + 256 * 1024);
    }
    worker_reader_fini(&reader);
    return taken;
}

// However the bytes come, the same frames come out of them. The first byte says in what steps.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct taken whole = read_in_steps(data + 1, size - 1, size);
    struct taken parts = read_in_steps(data + 1, size - 1, data[0] % 64u + 1);
    check_must(whole.hash == parts.hash && whole.frames == parts.frames &&
               whole.status == parts.status);
    return 0;
}
