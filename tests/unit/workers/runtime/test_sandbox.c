#include "workers/runtime/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/cmocka_all.h"

enum { MEMORY_MAX = 512 * 1024 * 1024 };

// Runs `act` in a child inside the sandbox; its wait status.
static int run_inside(void (*act)(void), pid_t parent)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        const struct sandbox sandbox = {
            .memory_max = MEMORY_MAX, .die_with_parent = true, .parent = parent};
        if (sandbox_enter(&sandbox, NULL) < 0)
            _exit(99);
        act();
        _exit(7);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void act_quietly(void)
{
    // What a worker does all day: small and large memory, sorted, freed.
    for (size_t size = 16; size < 64 << 20; size *= 2) {
        volatile char *memory = malloc(size);
        if (!memory)
            _exit(1);
        memory[size - 1] = 1;
        free((void *)memory);
    }
    void *grown = NULL;
    for (size_t size = 4096; size < 16 << 20; size *= 2)
        grown = realloc(grown, size);
    free(grown);
}

static void test_work_goes_on(void **state)
{
    (void)state;
    int status = run_inside(act_quietly, getpid());
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void act_use_closed(void)
{
    if (fcntl(STDERR_FILENO + 1, F_GETFD) != -1)
        _exit(1);
}

static void act_open(void)
{
    (void)open("/etc/passwd", O_RDONLY);
}

static void act_connect(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}

static void act_fork(void)
{
    if (fork() == 0)
        _exit(0);
}

static void act_exec(void)
{
    (void)execl("/bin/true", "true", (char *)NULL);
}

static void act_map_code(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void act_make_code(void)
{
    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static void act_write_elsewhere(void)
{
    if (write(STDERR_FILENO + 1, "x", 1) < 0)
        _exit(1);
}

static void act_signal_parent(void)
{
    (void)kill(getppid(), 0);
}

static void test_the_rest_of_the_world_is_out_of_reach(void **state)
{
    (void)state;
#ifdef TELEX_UNSANDBOXED
    skip(); // the sanitizer's own system calls could not be told from ours
#endif
    void (*const acts[])(void) = {
        act_open,      act_connect,         act_fork,          act_exec,      act_map_code,
        act_make_code, act_write_elsewhere, act_signal_parent, act_use_closed};
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        int status = run_inside(acts[i], getpid());
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("act %zu: status 0x%x", i, (unsigned)status);
    }
}

static void act_eat_memory(void)
{
    size_t eaten = 0;
    for (volatile char *memory; (memory = malloc(1 << 20)) != NULL; eaten += 1 << 20)
        memory[0] = 1;
    if (eaten > MEMORY_MAX)
        _exit(1);
}

static void test_memory_is_bounded_without_a_crash(void **state)
{
    (void)state;
#ifdef TELEX_UNSANDBOXED
    skip();
#endif
    int status = run_inside(act_eat_memory, getpid());
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void test_an_orphan_does_not_start(void **state)
{
    (void)state;
    int status = run_inside(act_quietly, getpid() + 1);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work_goes_on),
        cmocka_unit_test(test_the_rest_of_the_world_is_out_of_reach),
        cmocka_unit_test(test_memory_is_bounded_without_a_crash),
        cmocka_unit_test(test_an_orphan_does_not_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
