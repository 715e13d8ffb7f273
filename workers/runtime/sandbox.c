// System calls that remain, and for whom:
//   read (0), write (1, 2)              the pipes
//   brk, mmap (anonymous, never executable), mremap, munmap, madvise    malloc
//   futex                               locks of libraries that know threads (ICU); never contended
//   clock_gettime                       where the vDSO does not answer
//   rt_sigreturn, rt_sigprocmask, restart_syscall    a signal arrives, SIGSTOP and SIGCONT included
//   exit, exit_group
// Whatever else is called, with whatever calling convention, ends the process at once.
// Time is the daemon's to limit: RLIMIT_CPU counts from the process's start and its hard limit
// cannot be raised again, so there is no such limit per article; and processor time would not see a
// worker that is stopped or waits for ever. The daemon kills the worker `crew.timeout` after it got
// to an article, and one thread cannot use more processor time than that.
// Nothing else: no mprotect (glibc needs it for arenas of other threads only; M_ARENA_MAX forbids
// them), no fstat (no stdio on the pipes), no tgkill (abort() ends the process either way).
#include "workers/runtime/sandbox.h"

#include <errno.h>
#include <malloc.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int compare_bytes_cb(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

// What libc would ask the system for later, at a time when it may no longer.
static void libc_prepare(void)
{
    mallopt(M_ARENA_MAX, 1);
    // glibc's qsort asks once for the size of the memory (sysinfo) when it gets more than 1 KiB.
    char bytes[4096] = {1};
    qsort(bytes, sizeof bytes, 1, compare_bytes_cb);
}

static int limit_set(__rlimit_resource_t resource, rlim_t most, const char *name, struct err *err)
{
    struct rlimit limit = {.rlim_cur = most, .rlim_max = most};
    if (setrlimit(resource, &limit) < 0)
        return err_set_errno(err, errno, "cannot limit %s", name);
    return 0;
}

static int limits_set(const struct sandbox *sandbox, struct err *err)
{
    int failed = limit_set(RLIMIT_CORE, 0, "core dumps", err);
#ifndef TELEX_UNSANDBOXED // shadow memory is terabytes, and the search for leaks opens files
    if (!failed)
        failed = limit_set(RLIMIT_NOFILE, STDERR_FILENO + 1, "open files", err);
    if (!failed)
        failed = limit_set(RLIMIT_AS, sandbox->memory_max, "memory", err);
#else
    (void)sandbox;
#endif
    return failed;
}

static int parent_watch(const struct sandbox *sandbox, struct err *err)
{
    if (!sandbox->die_with_parent)
        return 0;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return err_set_errno(err, errno, "cannot ask for the parent's death");
    // It may have died before we asked; then nobody would tell us.
    if (getppid() != sandbox->parent)
        return err_set_errno(err, ESRCH, "the parent process is gone");
    return 0;
}

#ifndef TELEX_UNSANDBOXED
static int calls_allow(scmp_filter_ctx filter)
{
    static const int calls[] = {
        SCMP_SYS(munmap),         SCMP_SYS(mremap),          SCMP_SYS(brk),
        SCMP_SYS(madvise),        SCMP_SYS(futex),           SCMP_SYS(exit),
        SCMP_SYS(exit_group),     SCMP_SYS(clock_gettime),   SCMP_SYS(rt_sigreturn),
        SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall),
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls && !failed; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    if (!failed)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 1,
                                  SCMP_A0(SCMP_CMP_EQ, STDIN_FILENO, 0));
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO && !failed; fd++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                                  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd, 0));
    if (!failed)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                                  SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    return failed;
}

static int calls_restrict(struct err *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int failed =
        filter ? seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) : -ENOMEM;
    if (!failed)
        failed = calls_allow(filter);
    if (!failed)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    if (failed)
        return err_set_errno(err, -failed, "cannot restrict system calls");
    return 0;
}

bool sandbox_is_whole(void)
{
    return true;
}
#else
static int calls_restrict(struct err *err)
{
    (void)err;
    return 0;
}

bool sandbox_is_whole(void)
{
    return false;
}
#endif

int sandbox_enter(const struct sandbox *sandbox, struct err *err)
{
    libc_prepare();
    if (close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
        return err_set_errno(err, errno, "cannot close files");
    int failed = parent_watch(sandbox, err);
    if (!failed)
        failed = limits_set(sandbox, err);
    if (!failed && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        failed = err_set_errno(err, errno, "cannot give up privileges");
    return failed ? failed : calls_restrict(err);
}
