#include "daemon/store/trap.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "daemon/store/store.h"

static struct {
    bool enabled;
    MDB_env *volatile env;
    struct sigaction old_segv, old_bus;
    char text[512]; // made beforehand: a handler may not
} trap;

static void end_damaged(void)
{
    ssize_t written = write(STDERR_FILENO, trap.text, strlen(trap.text));
    _exit(written >= 0 ? 1 : 2);
}

// One line of /proc/self/maps: "from-until rights ... path".
static bool line_maps(const char *line, uintptr_t at, const char *name)
{
    char *rest;
    uintptr_t from = strtoul(line, &rest, 16);
    uintptr_t until = *rest == '-' ? strtoul(rest + 1, &rest, 16) : 0;
    return at >= from && at < until && strstr(rest, name);
}

// Whether the file mapped there has this in its path. Nothing in here allocates or locks.
static bool is_mapped_from(uintptr_t at, const char *name)
{
    static char maps[1 << 16];
    size_t len = 0;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    for (ssize_t got; fd >= 0 && len < sizeof maps - 1 &&
                      (got = read(fd, maps + len, sizeof maps - 1 - len)) > 0;)
        len += (size_t)got;
    maps[len] = '\0';
    for (char *line = maps, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        if (line_maps(line, at, name))
            return true;
    }
    return false;
}

static uintptr_t instruction_of(const void *context)
{
#ifdef __x86_64__
    const ucontext_t *at = context;
    return (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
#else
    (void)context;
    return 0;
#endif
}

// The store's: its file could not be read there, or LMDB has followed a damaged page.
static void fault_cb(int number, siginfo_t *info, void *context)
{
    static atomic_flag taken = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&taken)) // several threads may read there; the list is one
        sched_yield();
    if (trap.env && (is_mapped_from((uintptr_t)info->si_addr, "/data.mdb") ||
                     is_mapped_from(instruction_of(context), "/liblmdb")))
        end_damaged();
    atomic_flag_clear(&taken);
    // It happens again, and as it always did: a sanitizer may have its own way.
    sigaction(number, number == SIGBUS ? &trap.old_bus : &trap.old_segv, NULL);
}

static void assert_cb(MDB_env *env, const char *what)
{
    (void)env, (void)what;
    end_damaged();
}

void store_trap_faults(void)
{
    struct sigaction action = {.sa_sigaction = fault_cb, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &trap.old_segv);
    sigaction(SIGBUS, &action, &trap.old_bus);
    trap.enabled = true;
}

void trap_watch(MDB_env *env, const char *directory)
{
    if (!trap.enabled)
        return;
    snprintf(
        trap.text, sizeof trap.text,
        "telexd: the store %.300s is damaged, or its disk cannot be read; \"telex repair %.80s\" "
        "salvages what is intact\n",
        directory, directory);
    mdb_env_set_assert(env, assert_cb);
    trap.env = env;
}

void trap_forget(const MDB_env *env)
{
    if (trap.env == env)
        trap.env = NULL;
}
