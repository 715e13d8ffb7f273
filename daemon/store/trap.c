#include "daemon/store/trap.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/store.h"

static struct {
    bool enabled;
    MDB_env *volatile env;
    char text[512]; // made beforehand: a handler may not
} trap;

static void end_damaged(void)
{
    ssize_t written = write(STDERR_FILENO, trap.text, strlen(trap.text));
    _exit(written >= 0 ? 1 : 2);
}

static bool is_in_map(const void *address)
{
    MDB_envinfo info;
    MDB_env *env = trap.env;
    if (!env || mdb_env_info(env, &info) != MDB_SUCCESS)
        return false;
    uintptr_t at = (uintptr_t)address, from = (uintptr_t)info.me_mapaddr;
    return at >= from && at - from < info.me_mapsize;
}

static void fault_cb(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (is_in_map(info->si_addr))
        end_damaged();
    signal(number, SIG_DFL); // not the store's: it happens again, and as it always did
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
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
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
