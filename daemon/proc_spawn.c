#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/proc_private.h"

// What the service manager told the daemon is not for its children: one that answered READY or the
// watchdog in its place would hide its death.
static bool env_is_private(const char *entry)
{
    static const char *const names[] = {"NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_", "CREDENTIALS_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static char **make_env(void)
{
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **env = calloc(count + 1, sizeof *env);
    for (size_t i = 0; env && i < count; i++)
        if (!env_is_private(environ[i]))
            env[kept++] = environ[i];
    return env;
}

// What the worker is started with: argv, ended by NULL.
enum { ARGUMENTS_MAX = 8 };

static void put_option(char *args[ARGUMENTS_MAX], const char *name, const char *value)
{
    size_t count = 0;
    if (!value || !*value)
        return;
    while (args[count])
        count++;
    args[count] = (char *)name;
    args[count + 1] = (char *)value;
}

int proc_spawn(struct proc *proc, const struct proc_options *options, uv_exit_cb exit_cb)
{
    char *args[ARGUMENTS_MAX] = {(char *)options->program, "--worker"};
    put_option(args, "--lexicon", options->lexicon);
    put_option(args, "--user-lexicon", options->user_lexicon);
    uv_stdio_container_t stdio[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&proc->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&proc->out},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&proc->err},
    };
    char **env = make_env();
    if (!env)
        return -ENOMEM;
    uv_process_options_t spawn = {.exit_cb = exit_cb,
                                  .file = options->program,
                                  .args = args,
                                  .env = env,
                                  .stdio_count = 3,
                                  .stdio = stdio};
    int failed = uv_spawn(proc->timer.loop, &proc->process, &spawn);
    free(env);
    return failed;
}
