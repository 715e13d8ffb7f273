#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/store/directory.h"
#include "daemon/store/internal.h"
#include "daemon/store/table.h"

static int prepare_target(const char *directory, struct err *err)
{
    struct directory_contents contents;
    int status = directory_scan(directory, &contents, err);
    if (status < 0)
        return status;
    if (contents.missing)
        return directory_create(directory, err);
    if (contents.has_data || contents.has_lock || contents.has_other)
        return err_set(err, "%s is not empty; a backup needs a directory of its own", directory),
               -ENOTEMPTY;
    return 0;
}

// Not mdb_env_copy2: that makes the file readable for everyone.
static int copy_to(struct store *store, int fd)
{
    gate_enter(&store->gate);
    int status = table_error(mdb_env_copyfd2(store->env, fd, 0));
    gate_leave(&store->gate);
    return status == 0 && fsync(fd) < 0 ? -errno : status;
}

int store_backup(struct store *store, const char *directory, struct err *err)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/data.mdb", directory) >= sizeof path)
        return err_set_errno(err, ENAMETOOLONG, "%s", directory);
    int status = prepare_target(directory, err);
    if (status < 0)
        return status;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot create %s", path);
    status = copy_to(store, fd);
    close(fd);
    if (status == 0)
        return directory_sync(directory, err);
    unlink(path);
    return err_set_errno(err, -status, "cannot copy the store to %s", path);
}
