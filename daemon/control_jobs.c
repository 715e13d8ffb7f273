// VERIFY and BACKUP: they read the whole store, so they run beside the loop, one at a time.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/control_private.h"
#include "proto/base/json.h"
#include "proto/base/log.h"

enum { PROBLEMS_MAX = 1000, PROBLEM_BYTES_MAX = 1024 * 1024 };

struct control_job {
    uv_work_t work;
    struct control_request *request;
    struct store *store;
    volatile bool stop; // set by the loop's thread, read by the job's
    int (*run)(struct control_job *job);

    // The job's thread until it ends.
    int result;
    struct store_verdict verdict;
    struct buf problems; // JSON strings with commas between
    unsigned problem_count;
    uint64_t bytes;
};

// --- VERIFY -------------------------------------------------------------------------------------

static void problem_cb(const char *problem, void *arg)
{
    struct control_job *job = arg;
    if (job->problem_count == PROBLEMS_MAX || job->problems.len > PROBLEM_BYTES_MAX)
        return;
    if (job->problem_count++ > 0)
        buf_put_byte(&job->problems, ',');
    json_put_string(&job->problems, slice_from_text(problem));
}

static int run_verify(struct control_job *job)
{
    return store_verify(job->store, &job->verdict, problem_cb, job, &job->stop, &job->request->err);
}

static void put_verdict(struct control_job *job)
{
    const struct store_verdict *v = &job->verdict;
    struct buf *out = &job->request->reply;
    buf_printf(out,
               "{\"articles\":%llu,\"events\":%llu,\"index_entries\":%llu,\"damaged\":%llu,"
               "\"problems\":[",
               (unsigned long long)v->articles, (unsigned long long)v->events,
               (unsigned long long)v->index_entries, (unsigned long long)v->damaged);
    buf_put_slice(out, buf_slice(&job->problems));
    buf_put_text(out, "]}");
}

// --- BACKUP -------------------------------------------------------------------------------------

static uint64_t folder_bytes(const char *path)
{
    uint64_t bytes = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct stat st;
        if (fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            bytes += (uint64_t)st.st_size;
    }
    closedir(folder);
    return bytes;
}

static const char *directory_of(const struct control_job *job)
{
    return json_string_value(json_object_get(job->request->args, "directory"));
}

static int run_backup(struct control_job *job)
{
    int result = store_backup(job->store, directory_of(job), &job->request->err);
    if (result == 0)
        job->bytes = folder_bytes(directory_of(job));
    return result;
}

static void put_backup(struct control_job *job)
{
    struct buf *out = &job->request->reply;
    buf_put_text(out, "{\"directory\":");
    json_put_string(out, slice_from_text(directory_of(job)));
    buf_printf(out, ",\"bytes\":%llu}", (unsigned long long)job->bytes);
}

// --- both ---------------------------------------------------------------------------------------

static void work_cb(uv_work_t *work)
{
    struct control_job *job = work->data;
    job->result = job->run(job);
}

static enum wire_code code_of(int result)
{
    switch (result) {
    case -ENOSPC:
        return WIRE_STORE_FULL;
    case -ENOTEMPTY:
    case -EEXIST:
    case -ENOENT:
    case -ENOTDIR:
    case -EACCES:
    case -EPERM:
    case -EROFS:
    case -EINVAL:
    case -ENAMETOOLONG:
        return WIRE_BAD_REQUEST;
    default:
        return WIRE_INTERNAL;
    }
}

static void answer(struct control_job *job)
{
    struct control_request *request = job->request;
    if (job->stop) {
        control_refuse(request, WIRE_STOPPING, "the daemon is shutting down");
    } else if (job->result != 0) {
        control_fail(request, code_of(job->result));
    } else {
        if (job->run == run_verify)
            put_verdict(job);
        else
            put_backup(job);
        control_reply(request);
    }
}

static void after_cb(uv_work_t *work, int status)
{
    struct control_job *job = work->data;
    struct control *control = job->request->control;
    (void)status; // it is never cancelled before it runs
    log_info("%s ended result=%d", job->run == run_verify ? "verify" : "backup", job->result);
    answer(job);
    buf_fini(&job->problems);
    free(job);
    control->job = NULL;
    if (control->closing)
        control_close(control, control->closed_cb, control->closed_arg);
}

static void start(struct control_request *request, int (*run)(struct control_job *job))
{
    struct control *control = request->control;
    if (control->job) {
        control_refuse(request, WIRE_BUSY, "a VERIFY or BACKUP is running; one at a time");
        return;
    }
    struct control_job *job = calloc(1, sizeof *job);
    if (!job) {
        control_refuse(request, WIRE_BUSY, "out of memory");
        return;
    }
    *job = (struct control_job){
        .request = request, .store = control->telexd->store, .run = run, .work.data = job};
    buf_init(&job->problems, 2 * PROBLEM_BYTES_MAX);
    control->job = job;
    log_info("%s begins", run == run_verify ? "verify" : "backup");
    uv_queue_work(control->telexd->loop, &job->work, work_cb, after_cb);
}

void control_verify(struct control_request *request)
{
    start(request, run_verify);
}

void control_backup(struct control_request *request)
{
    struct slice directory = {0};
    if (!args_text(request, "directory", true, &directory))
        control_fail(request, WIRE_BAD_REQUEST);
    else if (directory.ptr[0] != '/')
        control_refuse(request, WIRE_BAD_REQUEST, "\"directory\" is not an absolute path");
    else
        start(request, run_backup);
}

// A backup cannot be broken off: it goes on to its end, and is then a good one.
void control_job_cancel(struct control_job *job)
{
    if (job->run == run_verify)
        __atomic_store_n(&job->stop, true, __ATOMIC_RELAXED);
}
