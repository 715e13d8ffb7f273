#include "proto/client/command/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/clock.h"
#include "proto/client/command/out.h"
#include "proto/client/command/question.h"
#include "proto/wire/frame.h"

enum {
    TICK_MS = 200,
    PATIENCE_MS = 2000, // then it says for whom it waits
    PAUSE_MIN_MS = 100, // after a passing refusal; doubles
    PAUSE_MAX_MS = 5000,
    COMPLAINTS_MAX = 5,
    WINDOW_BYTES = 64 * 1024 * 1024,
};

// One article in flight.
struct job {
    struct list link; // in sender.flying or sender.retries
    struct forms_place place;
    struct telex_article article; // its bytes follow the job
    size_t size;
    int64_t refused_ms; // monotonic: when it was first refused for now; 0: never
    char bytes[];
};

// --- beginning and end

int sender_init(struct sender *sender, const struct context *context,
                const struct sender_options *options)
{
    *sender = (struct sender){.options = *options, .acks_fd = -1, .pause_ms = PAUSE_MIN_MS};
    list_init(&sender->flying);
    list_init(&sender->retries);
    sender->started_ms = sender->answered_ms = sender->shown_ms = clock_mono_ms();
    sender->progress = !options->quiet && isatty(STDERR_FILENO);
    struct telex_error error;
    if (telex_client_open(&sender->client, &context->endpoints, &error) != 0)
        return question_fail(&error);
    telex_push_set_window(sender->client, (uint32_t)options->window, WINDOW_BYTES);
    if (!options->acks)
        return STATUS_OK;
    sender->acks_fd = open(options->acks, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (sender->acks_fd >= 0)
        return STATUS_OK;
    fprintf(stderr, "telex: cannot open %s: %s\n", options->acks, strerror(errno));
    return STATUS_USAGE;
}

void sender_fini(struct sender *sender)
{
    struct list *link;
    list_splice(&sender->flying, &sender->retries);
    while ((link = list_pop(&sender->flying)))
        free(list_entry(link, struct job, link));
    if (sender->acks_fd >= 0)
        close(sender->acks_fd);
    telex_client_close(sender->client);
}

bool sender_is_over(const struct sender *sender)
{
    return sender->failed || command_signal;
}

// --- what is told

static void progress_clear(const struct sender *sender)
{
    if (sender->progress)
        fputs("\r\x1b[K", stderr);
}

static double megabytes(uint64_t bytes)
{
    return (double)bytes / 1e6;
}

static double seconds_since(int64_t started_ms)
{
    int64_t ms = clock_mono_ms() - started_ms;
    return (double)(ms > 0 ? ms : 1) / 1000;
}

static void progress_show(struct sender *sender)
{
    int64_t now = clock_mono_ms();
    if (!sender->progress || now < sender->shown_ms + TICK_MS)
        return;
    sender->shown_ms = now;
    fprintf(stderr,
            "\r%" PRIu64 " articles  %.1f MB/s  %" PRIu64 " acknowledged  %" PRIu64
            " duplicates  %" PRIu64 " refused\x1b[K",
            sender->articles, megabytes(sender->bytes) / seconds_since(sender->started_ms),
            sender->acknowledged, sender->duplicates, sender->refused);
    fflush(stderr);
}

void sender_summarise(struct sender *sender)
{
    progress_clear(sender);
    if (sender->options.quiet)
        return;
    double seconds = seconds_since(sender->started_ms);
    fprintf(stderr,
            "%" PRIu64 " articles, %.1f MB in %.1f s (%.0f/s, %.1f MB/s): %" PRIu64
            " acknowledged, %" PRIu64 " of them duplicates; %" PRIu64 " refused\n",
            sender->articles, megabytes(sender->bytes), seconds, (double)sender->articles / seconds,
            megabytes(sender->bytes) / seconds, sender->acknowledged, sender->duplicates,
            sender->refused);
    uint64_t unknown = telex_push_pending(sender->client) + sender->retry_count;
    if (unknown)
        fprintf(stderr, "%" PRIu64 " without an answer: push them again, nothing is stored twice\n",
                unknown);
}

void sender_refuse(struct sender *sender, const struct forms_place *place, const char *why)
{
    char where[PATH_MAX + 64];
    forms_place_format(place, where, sizeof where);
    progress_clear(sender);
    out_line(stderr, slice_from_text(where));
    fputs(": ", stderr);
    out_line(stderr, slice_from_text(why));
    putc('\n', stderr);
    sender->refused++;
}

static void refuse_job(struct sender *sender, const struct job *job, enum telex_code code,
                       const char *message)
{
    char why[1024];
    snprintf(why, sizeof why, "%.*s: %s: %s", (int)job->article.uri.len, job->article.uri.ptr,
             wire_code_name((enum wire_code)code), message);
    sender_refuse(sender, &job->place, why);
}

// --- jobs

static struct telex_bytes copy_field(char **at, struct slice field)
{
    struct telex_bytes copy = {*at, field.len};
    if (field.len)
        memcpy(*at, field.ptr, field.len);
    *at += field.len;
    return copy;
}

static struct job *job_create(const struct article *article, const struct forms_place *place)
{
    size_t size = article_size(article);
    struct job *job = malloc(sizeof *job + size);
    if (!job)
        return NULL;
    *job = (struct job){.place = *place, .size = size};
    list_init(&job->link);
    char *at = job->bytes;
    job->article.uri = copy_field(&at, article->uri);
    job->article.title = copy_field(&at, article->title);
    job->article.source = copy_field(&at, article->source);
    job->article.language = copy_field(&at, article->language);
    job->article.published = copy_field(&at, article->published);
    job->article.extra = copy_field(&at, article->extra);
    job->article.body = copy_field(&at, article->body);
    return job;
}

// One line, one write: whoever reads the file meanwhile sees whole lines.
static void acks_append(struct sender *sender, const struct job *job, uint64_t offset)
{
    char line[WIRE_URI_MAX + 32];
    int len = snprintf(line, sizeof line, "%.*s\t%" PRIu64 "\n", (int)job->article.uri.len,
                       job->article.uri.ptr, offset);
    ssize_t written;
    do
        written = write(sender->acks_fd, line, (size_t)len);
    while (written < 0 && errno == EINTR);
    if (written == len)
        return;
    fprintf(stderr, "telex: cannot write to %s: %s\n", sender->options.acks,
            written < 0 ? strerror(errno) : "the disk is full");
    sender->failed = true;
}

// Whether the article is to be tried again; it then belongs to the list of retries.
static bool retry_take(struct sender *sender, struct job *job)
{
    int64_t now = clock_mono_ms();
    if (!job->refused_ms)
        job->refused_ms = now;
    if (now - job->refused_ms >= (int64_t)sender->options.retry_s * 1000)
        return false;
    if (list_is_empty(&sender->retries)) {
        sender->retry_ms = now + sender->pause_ms;
        sender->pause_ms *= 2;
        if (sender->pause_ms > PAUSE_MAX_MS)
            sender->pause_ms = PAUSE_MAX_MS;
    }
    list_append(&sender->retries, &job->link);
    sender->retry_count++;
    return true;
}

static void take_ack(struct sender *sender, const struct telex_ack *ack)
{
    struct job *job = ack->token;
    list_remove(&job->link);
    sender->answered_ms = clock_mono_ms();
    sender->complaints = 0;
    sender->noted = false;
    if (ack->code == TELEX_OK) {
        sender->acknowledged++;
        sender->duplicates += ack->duplicate;
        sender->pause_ms = PAUSE_MIN_MS;
        if (sender->acks_fd >= 0)
            acks_append(sender, job, ack->offset);
    } else if (ack->retryable && retry_take(sender, job)) {
        return;
    } else {
        refuse_job(sender, job, ack->code, ack->message);
    }
    free(job);
}

// --- waiting

static void give_up(struct sender *sender, const char *why)
{
    progress_clear(sender);
    fprintf(stderr, "telex: %s at %s\n", why, telex_client_endpoint(sender->client, "ingest"));
    sender->failed = true;
}

static void take_failure(struct sender *sender, const struct telex_error *error)
{
    progress_clear(sender);
    question_fail(error);
    bool forbidden = error->code == TELEX_FORBIDDEN && !error->retryable;
    if (forbidden || error->code == TELEX_SYSTEM || ++sender->complaints >= COMPLAINTS_MAX)
        sender->failed = true;
}

// What is to be said or done while nothing happens.
static void look_at_clock(struct sender *sender)
{
    progress_show(sender);
    int64_t silent = clock_mono_ms() - sender->answered_ms;
    if (!telex_push_pending(sender->client)) {
        sender->answered_ms = clock_mono_ms();
        return;
    }
    if (sender->options.timeout_s != TIMEOUT_UNSET &&
        silent >= (int64_t)sender->options.timeout_s * 1000) {
        give_up(sender, "no answer");
    } else if (silent >= PATIENCE_MS && !sender->noted &&
               !telex_client_is_connected(sender->client, "ingest")) {
        progress_clear(sender);
        fprintf(stderr, "telex: waiting for telexd at %s\n",
                telex_client_endpoint(sender->client, "ingest"));
        sender->noted = true;
    }
}

// Sends what is due and takes one answer, if there is one within a tick. True when `fd` can be
// read.
static bool attend(struct sender *sender, int fd, int timeout_ms)
{
    struct telex_ack ack;
    struct telex_error error;
    int got = telex_push_wait_fd(sender->client, fd, &ack, timeout_ms, &error);
    if (got == 1)
        take_ack(sender, &ack);
    else if (got < 0)
        take_failure(sender, &error);
    else
        look_at_clock(sender);
    return got == 2;
}

static void submit(struct sender *sender, struct job *job)
{
    struct telex_error error;
    int result;
    while ((result = telex_push(sender->client, &job->article, job, &error)) == 1) {
        attend(sender, -1, TICK_MS);
        if (sender_is_over(sender)) {
            list_append(&sender->retries, &job->link); // counted as without an answer
            sender->retry_count++;
            return;
        }
    }
    if (result == 0) {
        list_append(&sender->flying, &job->link);
        return;
    }
    refuse_job(sender, job, error.code, error.message);
    free(job);
}

static void submit_retries(struct sender *sender)
{
    struct list due;
    list_init(&due);
    list_splice(&due, &sender->retries);
    sender->retry_count = 0;
    struct list *link;
    while ((link = list_pop(&due)))
        submit(sender, list_entry(link, struct job, link));
}

// While anything is refused for now, nothing new is sent: memory stays bounded by the window.
static void work_off_retries(struct sender *sender)
{
    while (!list_is_empty(&sender->retries) && !sender_is_over(sender)) {
        int64_t left = sender->retry_ms - clock_mono_ms();
        if (left <= 0)
            submit_retries(sender);
        else if (telex_push_pending(sender->client))
            attend(sender, -1, left < TICK_MS ? (int)left : TICK_MS);
        else
            (void)poll(NULL, 0, (int)left); // a signal ends it
    }
}

void sender_push(struct sender *sender, const struct article *article,
                 const struct forms_place *place)
{
    work_off_retries(sender);
    if (sender_is_over(sender))
        return;
    struct job *job = job_create(article, place);
    if (!job) {
        give_up(sender, "out of memory while sending to telexd");
        return;
    }
    sender->articles++;
    sender->bytes += job->size;
    submit(sender, job);
    progress_show(sender);
}

int sender_wait_cb(int fd, void *context)
{
    struct sender *sender = context;
    struct pollfd item = {.fd = fd, .events = POLLIN};
    while (!sender_is_over(sender)) {
        if (poll(&item, 1, 0) > 0)
            return 0;
        if (attend(sender, fd, TICK_MS))
            return 0;
        if (!list_is_empty(&sender->retries) && clock_mono_ms() >= sender->retry_ms)
            submit_retries(sender);
    }
    return -ECANCELED;
}

void sender_finish(struct sender *sender)
{
    while (!sender_is_over(sender)) {
        work_off_retries(sender);
        if (list_is_empty(&sender->retries) && !telex_push_pending(sender->client))
            return;
        attend(sender, -1, TICK_MS);
    }
}
