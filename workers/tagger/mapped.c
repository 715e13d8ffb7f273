#include "workers/tagger/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define REMEDY "; install one, or name another file"

static int map(struct mapped *mapped, int fd, const char *path, const char *what, size_t most,
               struct err *err)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return err_set_errno(err, errno, "cannot read %s %s", what, path);
    if (!S_ISREG(status.st_mode) || status.st_size == 0) {
        err_set(err, "%s is not a telex %s: %s" REMEDY, path, what,
                S_ISREG(status.st_mode) ? "it is empty" : "it is no file");
        return -EINVAL;
    }
    if ((uintmax_t)status.st_size > most) {
        err_set(err, "%s is too large for a %s" REMEDY, path, what);
        return -EINVAL;
    }
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return err_set_errno(err, errno, "cannot map %s %s", what, path);
    *mapped = (struct mapped){.bytes = bytes, .size = (size_t)status.st_size};
    return 0;
}

int mapped_open(struct mapped *mapped, const char *path, const char *what, size_t most,
                struct err *err)
{
    *mapped = (struct mapped){.bytes = NULL};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot open %s %s" REMEDY, what, path);
    int failed = map(mapped, fd, path, what, most, err);
    close(fd);
    return failed;
}

void mapped_close(struct mapped *mapped)
{
    if (mapped->bytes)
        munmap((void *)mapped->bytes, mapped->size);
    *mapped = (struct mapped){.bytes = NULL};
}
