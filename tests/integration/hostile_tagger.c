// A tagger inside the real sandbox (workers/runtime) that misbehaves on demand: what a worker whose
// parser was taken over by an article could try.
//   hostile-tagger --worker --lexicon FILE
// FILE holds one word: how it starts (starts[]), "hostile" to obey articles whose title begins with
// "hostile:" (acts[]), anything else to answer all of them. Tests change the word and send SIGHUP.
// An article whose title is "names:N" names entities in abundance: N * 1000 and the 999 after it.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/wire/article.h"
#include "proto/wire/result.h"
#include "proto/wire/worker.h"
#include "workers/runtime/worker.h"

enum { MEMORY_MAX = 128 * 1024 * 1024, NAMES = 1000 };

#ifdef TELEX_UNSANDBOXED
// Under sanitizers as without: a crash is a signal, and no report of theirs.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0";
}
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return __asan_default_options();
}
#endif

struct act {
    const char *name;
    void (*run)(void);
};

// --- crashes and greed

static void crash(void)
{
    volatile char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = 1;
}

static void overflow(void)
{
    // Down the stack to its guard page, as endless recursion goes.
    for (volatile char *at = (volatile char *)__builtin_frame_address(0);; at -= 1024)
        *at = 0;
}

static void spin(void)
{
    for (volatile int turn = 0;;)
        turn = !turn;
}

static void eat_memory(void)
{
    for (volatile char *memory; (memory = malloc(1 << 20)) != NULL;)
        memory[0] = 1;
    static const char words[] = "no memory left for me\n";
    if (write(STDERR_FILENO, words, sizeof words - 1) > 0)
        crash();
}

static void leave(void)
{
    static const char words[] = "I have had enough\n";
    if (write(STDERR_FILENO, words, sizeof words - 1) > 0)
        _exit(3);
}

// --- nonsense on the pipes

static void say(const void *bytes, size_t len)
{
    if (write(STDOUT_FILENO, bytes, len) < 0)
        _exit(4);
}

static void say_frame(uint8_t version, enum worker_kind kind, uint32_t len, uint64_t id)
{
    uint8_t bytes[WORKER_HEAD_BYTES];
    worker_head_encode(&(struct worker_head){version, (uint8_t)kind, len, id}, bytes);
    say(bytes, sizeof bytes);
}

static void say_garbage(void)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: telexd\r\n\r\n";
    say(request, sizeof request - 1);
    spin();
}

static void say_half(void)
{
    say_frame(WORKER_VERSION, WORKER_RESULT, 1000, 1);
    say("half", 4);
    _exit(0);
}

static void say_wrong_version(void)
{
    say_frame(9, WORKER_RESULT, 0, 1);
    spin();
}

static void say_stranger(void)
{
    say_frame(WORKER_VERSION, WORKER_RESULT, 0, UINT64_MAX);
    spin();
}

static void flood(void)
{
    static char zeros[65536];
    say_frame(WORKER_VERSION, WORKER_RESULT, UINT32_MAX, 1);
    for (;;)
        say(zeros, sizeof zeros);
}

// Frames that are whole and allowed in themselves.
static void flood_frames(void)
{
    for (;;)
        say_frame(WORKER_VERSION, WORKER_PONG, 0, 1);
}

static void rant(void)
{
    static const char line[] = "no! no! no! no! no! no! no! no! no! no! no! no! no! no! no! no!\n";
    while (write(STDERR_FILENO, line, sizeof line - 1) > 0)
        continue;
}

// --- the world outside

static void open_file(void)
{
    (void)open("/etc/passwd", O_RDONLY);
}

static void write_file(void)
{
    (void)open("/tmp/telex-was-here", O_CREAT | O_WRONLY, 0600);
}

static void open_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}

static void connect_pipe(void)
{
    struct sockaddr address = {.sa_family = AF_UNIX};
    (void)connect(STDOUT_FILENO, &address, sizeof address);
}

static void run_program(void)
{
    (void)execl("/bin/sh", "sh", "-c", "true", (char *)NULL);
}

static void split(void)
{
    (void)fork();
}

static void kill_daemon(void)
{
    (void)kill(getppid(), SIGKILL);
}

static void stop_itself(void)
{
    (void)raise(SIGSTOP);
}

static void trace_daemon(void)
{
    (void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void outlive_daemon(void)
{
    (void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
}

static void make_code(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void read_elsewhere(void)
{
    char byte;
    (void)!read(STDERR_FILENO + 1, &byte, 1);
}

static void raise_limits(void)
{
    (void)syscall(SYS_prlimit64, 0, 0, NULL, NULL);
}

#ifdef __x86_64__
// The same calls under other numbers: what a filter that looks at numbers only lets pass.
static void call_as_x32(void)
{
    (void)syscall(0x40000000 | SYS_getpid);
}

static void call_as_i386(void)
{
    long result = 20; // getpid there, writev here
    __asm__ volatile("int $0x80" : "+a"(result)::"memory");
}
#endif

static const struct act acts[] = {
    {"crash", crash},
    {"overflow", overflow},
    {"spin", spin},
    {"memory", eat_memory},
    {"leave", leave},
    {"garbage", say_garbage},
    {"half", say_half},
    {"version", say_wrong_version},
    {"stranger", say_stranger},
    {"flood", flood},
    {"frames", flood_frames},
    {"rant", rant},
    {"open", open_file},
    {"write", write_file},
    {"socket", open_socket},
    {"connect", connect_pipe},
    {"exec", run_program},
    {"fork", split},
    {"kill", kill_daemon},
    {"stop", stop_itself},
    {"trace", trace_daemon},
    {"outlive", outlive_daemon},
    {"code", make_code},
    {"descriptor", read_elsewhere},
    {"limits", raise_limits},
#ifdef __x86_64__
    {"x32", call_as_x32},
    {"i386", call_as_i386},
#endif
};

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

static const struct act starts[] = {
    {"start-silent", wait_for_ever}, {"start-crash", crash}, {"start-garbage", say_garbage},
    {"start-half", say_half},        {"start-flood", flood}, {"start-version", say_wrong_version},
};

static void act_by_name(const struct act *list, size_t count, const char *name, size_t len)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i].name) == len && memcmp(list[i].name, name, len) == 0)
            list[i].run();
}

static void put_names(struct buf *keys, unsigned long first)
{
    for (unsigned long number = first; number < first + NAMES; number++) {
        char key[64];
        int len = snprintf(key, sizeof key, "X%lu\tperson\ta name %lu", number, number);
        result_key_encode(keys, KEY_ENTITY, slice_from(key, (size_t)len));
        len = snprintf(key, sizeof key, "a name %lu", number);
        result_key_encode(keys, KEY_SPELLING, slice_from(key, (size_t)len));
    }
}

static int answer(const struct article *article, struct buf *out)
{
    static const char data[] = "{\"language\":{\"tag\":\"en\",\"confidence\":1},\"entities\":[],"
                               "\"tagger\":{\"version\":\"hostile\",\"lexicon\":\"none\"}}";
    char title[32];
    unsigned long thousand;
    struct buf keys;
    buf_init(&keys, MEMORY_MAX);
    snprintf(title, sizeof title, "%.*s", (int)article->title.len, article->title.ptr);
    bool named = sscanf(title, "names:%lu", &thousand) == 1;
    if (named)
        put_names(&keys, thousand * NAMES);
    struct result result = {.status = RESULT_TAGGED,
                            .key_count = named ? 2 * NAMES : 0,
                            .keys = buf_slice(&keys),
                            .data = slice_from_text(data)};
    result_encode(out, &result);
    buf_fini(&keys);
    return 0;
}

static int job_cb(struct slice job, struct buf *out, void *arg, struct err *err)
{
    static const char order[] = "hostile:";
    const bool *obey = arg;
    struct cursor cursor = cursor_from(job);
    struct article article;
    if (article_decode(&cursor, &article))
        return err_set(err, "not an article"), -EBADMSG;
    size_t skip = sizeof order - 1;
    if (*obey && article.title.len > skip && memcmp(article.title.ptr, order, skip) == 0)
        act_by_name(acts, sizeof acts / sizeof *acts, article.title.ptr + skip,
                    article.title.len - skip);
    return answer(&article, out);
}

int main(int argc, char **argv)
{
    pid_t parent = getppid();
    char word[64] = "";
    FILE *file = argc > 3 && strcmp(argv[2], "--lexicon") == 0 ? fopen(argv[3], "r") : NULL;
    if (!file || fscanf(file, "%63s", word) != 1)
        return fprintf(stderr, "usage: hostile-tagger --worker --lexicon FILE\n"), 2;
    fclose(file);
    act_by_name(starts, sizeof starts / sizeof *starts, word, strlen(word));
    bool obey = strcmp(word, "hostile") == 0;
    const struct worker worker = {
        .hello = "{\"worker\":\"hostile\",\"version\":\"1\",\"tagger\":\"1\",\"lexicon\":\"none\"}",
        .job_cb = job_cb,
        .arg = &obey,
        .sandbox = {.memory_max = MEMORY_MAX, .die_with_parent = true, .parent = parent},
    };
    return worker_main(&worker);
}
