#include "tests/crash/states/image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/check.h"

enum { SECTOR = 512, GROWTH = 1 << 20 };

void image_free(struct image *image)
{
    free(image->bytes);
    *image = (struct image){0};
}

static void reach(struct image *image, size_t len)
{
    if (len > image->capacity) {
        size_t capacity = (len / GROWTH + 1) * GROWTH;
        image->bytes = realloc(image->bytes, capacity);
        check_must(image->bytes);
        memset(image->bytes + image->capacity, 0, capacity - image->capacity);
        image->capacity = capacity;
    }
    if (len > image->len)
        image->len = len;
}

void image_copy(struct image *to, const struct image *from)
{
    if (to->len > from->len)
        memset(to->bytes + from->len, 0, to->len - from->len);
    to->len = 0;
    reach(to, from->len);
    if (from->len)
        memcpy(to->bytes, from->bytes, from->len);
}

static void put(struct image *image, uint64_t at, const char *bytes, size_t len)
{
    reach(image, at + len);
    memcpy(image->bytes + at, bytes, len);
}

void image_apply(struct image *image, const struct record *record)
{
    if (record->kind == RECORD_SIZE)
        reach(image, record->at);
    else if (record->kind == RECORD_WRITE || record->kind == RECORD_HEAD)
        put(image, record->at, record->bytes, record->len);
}

void image_apply_torn(struct image *image, const struct record *record, bool (*chosen)(void *arg),
                      void *arg)
{
    if (record->kind == RECORD_SIZE) {
        image_apply(image, record);
        return;
    }
    for (size_t done = 0; done < record->len;) {
        size_t left = record->len - done, sector = SECTOR - (record->at + done) % SECTOR;
        size_t len = left < sector ? left : sector;
        if (chosen(arg))
            put(image, record->at + done, record->bytes + done, len);
        done += len;
    }
}

void image_save(const struct image *image, const char *path)
{
    size_t used = image->len;
    while (used && !image->bytes[used - 1])
        used--;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    check_must(fd >= 0);
    check_must(!used || write(fd, image->bytes, used) == (ssize_t)used);
    check_must(ftruncate(fd, (off_t)image->len) == 0);
    close(fd);
}

void image_load(struct image *image, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    check_must(fd >= 0);
    off_t len = lseek(fd, 0, SEEK_END);
    check_must(len >= 0);
    image->len = 0;
    reach(image, (size_t)len);
    check_must(pread(fd, image->bytes, (size_t)len, 0) == len);
    close(fd);
}
