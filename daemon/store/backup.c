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

static int sync_file(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, errno, "cannot open %s", path);
    int failed = fsync(fd) < 0 ? errno : 0;
    close(fd);
    return failed ? err_set_errno(err, failed, "cannot sync %s", path) : 0;
}

int store_backup(struct store *store, const char *directory, struct err *err)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/data.mdb", directory) >= sizeof path)
        return err_set_errno(err, ENAMETOOLONG, "%s", directory);
    int status = prepare_target(directory, err);
    if (status < 0)
        return status;
    pthread_rwlock_rdlock(&store->gate);
    status = table_error(mdb_env_copy2(store->env, directory, 0));
    pthread_rwlock_unlock(&store->gate);
    if (status < 0) {
        unlink(path);
        return err_set_errno(err, -status, "cannot copy the store to %s", directory);
    }
    status = sync_file(path, err);
    return status ? status : directory_sync(directory, err);
}
