#include "tests/crash/shim/control.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct shim_page *page;

// Workers inherit the library, not the faults.
static bool is_under_test(void)
{
    const char *wanted = getenv("TELEX_SHIM_PROGRAM");
    return wanted && strcmp(program_invocation_short_name, wanted) == 0;
}

__attribute__((constructor)) static void map_page(void)
{
    const char *path = getenv("TELEX_SHIM_PAGE");
    if (!path || !is_under_test())
        return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (map != MAP_FAILED && ((struct shim_page *)map)->magic == SHIM_MAGIC)
        page = map;
}

struct shim_page *shim_page(void)
{
    return page;
}

static void strike(int number)
{
    syscall(SYS_kill, getpid(), number);
    // The signal has been queued, yet other threads would go on until it is delivered.
    while (number == SIGKILL)
        pause();
}

static bool is_due(const struct shim_rule *rule, enum shim_call call, uint64_t count)
{
    uint64_t at = __atomic_load_n(&rule->at, __ATOMIC_ACQUIRE);
    return at && rule->call == (uint32_t)call && (rule->onward ? count >= at : count == at);
}

static enum shim_action carry_out(const struct shim_rule *rule)
{
    __atomic_add_fetch(&page->fired, 1, __ATOMIC_RELAXED);
    if (rule->action == SHIM_KILL_BEFORE)
        strike(SIGKILL);
    if (rule->action == SHIM_STOP)
        strike(SIGSTOP);
    if (rule->action == SHIM_FAIL)
        errno = (int)rule->error;
    return rule->action == SHIM_STOP ? SHIM_NOTHING : (enum shim_action)rule->action;
}

enum shim_action shim_before(enum shim_call call)
{
    if (!page)
        return SHIM_NOTHING;
    uint64_t count = __atomic_add_fetch(&page->calls[call], 1, __ATOMIC_RELAXED);
    for (int i = 0; i < SHIM_RULES; i++)
        if (is_due(&page->rules[i], call, count))
            return carry_out(&page->rules[i]);
    return SHIM_NOTHING;
}

void shim_after(enum shim_action action)
{
    if (action == SHIM_KILL_AFTER)
        strike(SIGKILL);
}
