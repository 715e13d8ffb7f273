#include "daemon/stats.h"

#include "daemon/access.h"
#include "daemon/commit.h"
#include "daemon/connections.h"
#include "daemon/control.h"
#include "daemon/crew.h"
#include "daemon/fds.h"
#include "daemon/guard.h"
#include "daemon/ingest.h"
#include "daemon/live.h"
#include "daemon/queue.h"
#include "daemon/stream.h"
#include "daemon/telexd.h"
#include "proto/base/clock.h"
#include "proto/base/json.h"

enum { TEXT_MAX = 256 * 1024 };

struct stats_numbers {
    struct store_counts counts;
    struct writer_stats writer;
    struct ingest_stats ingest;
    struct crew_stats crew;
    struct stream_stats stream;
    struct commits_latency latency;
    struct access_stats access;
    uint64_t memory, recycles, connections_refused, connections_cut, waiting, under_way, published;
    uint64_t control_requests, control_refused;
    double uptime_seconds;
    const char *state;
};

static int read_counts(struct telexd *telexd, struct store_counts *counts)
{
    int status = store_read_begin(telexd->reader);
    if (status != 0)
        return status;
    status = store_count(telexd->reader, counts);
    store_read_end(telexd->reader);
    return status;
}

// Any part may be missing: a test may leave it out, and while starting it is not there yet.
static int collect(struct telexd *telexd, struct stats_numbers *n)
{
    *n = (struct stats_numbers){.state = lifecycle_state_name(telexd->lifecycle.state)};
    n->uptime_seconds = (double)(clock_wall_ms() - telexd->started_ms) / 1000;
    n->connections_refused = fds_refused() + connections_refused();
    n->connections_cut = connections_cut();
    access_get_stats(telexd->access, &n->access);
    n->writer = commits_stats(telexd->commits);
    n->latency = *commits_latency(telexd->commits);
    if (telexd->guard) {
        n->memory = guard_memory(telexd->guard);
        n->recycles = guard_recycles(telexd->guard);
    }
    if (telexd->ingest)
        n->ingest = *ingest_get_stats(telexd->ingest);
    if (telexd->queue) {
        n->waiting = queue_waiting(telexd->queue);
        n->under_way = queue_under_way(telexd->queue);
    }
    if (telexd->crew)
        crew_get_stats(telexd->crew, &n->crew);
    if (telexd->stream)
        stream_get_stats(telexd->stream, &n->stream);
    if (telexd->live)
        n->published = live_published(telexd->live);
    if (telexd->control) {
        n->control_requests = control_requests(telexd->control);
        n->control_refused = control_refused(telexd->control);
    }
    return read_counts(telexd, &n->counts);
}

// --- JSON ---------------------------------------------------------------------------------------

static void put_refused_json(struct buf *out, const struct ingest_stats *ingest)
{
    buf_put_text(out, ",\"articles_refused\":{");
    bool first = true;
    for (int code = 1; code <= WIRE_INTERNAL; code++) {
        if (ingest->refused[code] == 0)
            continue;
        buf_printf(out, "%s\"%s\":%llu", first ? "" : ",", wire_code_name((enum wire_code)code),
                   (unsigned long long)ingest->refused[code]);
        first = false;
    }
    buf_put_byte(out, '}');
}

int stats_put_json(struct telexd *telexd, struct buf *out)
{
    struct stats_numbers numbers, *n = &numbers;
    int status = collect(telexd, n);
    if (status != 0)
        return status;
    buf_printf(out, "{\"state\":\"%s\",\"version\":\"%s\",\"uptime_seconds\":%.3f,\"lexicon\":",
               n->state, TELEX_VERSION, n->uptime_seconds);
    json_put_string(out, slice_from_text(n->crew.lexicon));
#define GAUGE(key, unit, help, value)                                                              \
    buf_printf(out, ",\"" #key "\":%llu", (unsigned long long)(value));
#define COUNTER(key, unit, help, value) GAUGE(key, unit, help, value)
#include "daemon/metrics.def"
#undef COUNTER
#undef GAUGE
    buf_printf(out,
               ",\"commit_seconds_last\":%.6f,\"commit_seconds_max\":%.6f,"
               "\"retention_seconds_max\":%.6f",
               (double)n->writer.commit_ns_last / 1e9, (double)n->writer.commit_ns_max / 1e9,
               (double)n->writer.retention_ns_max / 1e9);
    put_refused_json(out, &n->ingest);
    buf_put_byte(out, '}');
    return 0;
}

// --- OpenMetrics --------------------------------------------------------------------------------

static void put_head(struct buf *out, const char *key, const char *type, const char *unit,
                     const char *help)
{
    buf_printf(out, "# TYPE telex_%s %s\n", key, type);
    if (*unit)
        buf_printf(out, "# UNIT telex_%s %s\n", key, unit);
    buf_printf(out, "# HELP telex_%s %s\n", key, help);
}

static void put_state(struct buf *out, const char *state)
{
    put_head(out, "state", "stateset", "", "What the daemon is doing.");
    for (int s = 0; s < LIFECYCLE_STATES; s++) {
        const char *name = lifecycle_state_name((enum lifecycle_state)s);
        buf_printf(out, "telex_state{telex_state=\"%s\"} %d\n", name, strcmp(name, state) == 0);
    }
}

static void put_latency(struct buf *out, const struct commits_latency *latency)
{
    put_head(out, "commit_seconds", "histogram", "seconds",
             "Time from a request's submission to the return of its commit.");
    uint64_t count = 0;
    for (int i = 0; i < COMMITS_BUCKETS - 1; i++) {
        count += latency->buckets[i];
        buf_printf(out, "telex_commit_seconds_bucket{le=\"%.9g\"} %llu\n",
                   (double)((uint64_t)COMMITS_BUCKET_FIRST_US << i) / 1e6,
                   (unsigned long long)count);
    }
    count += latency->buckets[COMMITS_BUCKETS - 1];
    buf_printf(out, "telex_commit_seconds_bucket{le=\"+Inf\"} %llu\n", (unsigned long long)count);
    buf_printf(out, "telex_commit_seconds_count %llu\ntelex_commit_seconds_sum %.9f\n",
               (unsigned long long)count, (double)latency->sum_ns / 1e9);
}

static void put_refused(struct buf *out, const struct ingest_stats *ingest)
{
    put_head(out, "articles_refused", "counter", "", "Articles refused, by the code they got.");
    for (int code = 1; code <= WIRE_INTERNAL; code++)
        buf_printf(out, "telex_articles_refused_total{code=\"%s\"} %llu\n",
                   wire_code_name((enum wire_code)code), (unsigned long long)ingest->refused[code]);
}

static void put_build(struct buf *out, const char *lexicon)
{
    put_head(out, "build", "info", "", "Versions of the daemon and of its workers' lexicon.");
    buf_printf(out, "telex_build_info{version=\"%s\",lexicon=\"", TELEX_VERSION);
    for (const char *at = lexicon; *at; at++) {
        if (*at == '"' || *at == '\\')
            buf_put_byte(out, '\\');
        buf_put_byte(out, *at == '\n' ? ' ' : *at);
    }
    buf_put_text(out, "\"} 1\n");
}

static void put_numbers(struct buf *out, const struct stats_numbers *n)
{
#define GAUGE(key, unit, help, value)                                                              \
    put_head(out, #key, "gauge", unit, help);                                                      \
    buf_printf(out, "telex_" #key " %llu\n", (unsigned long long)(value));
#define COUNTER(key, unit, help, value)                                                            \
    put_head(out, #key, "counter", unit, help);                                                    \
    buf_printf(out, "telex_" #key "_total %llu\n", (unsigned long long)(value));
#include "daemon/metrics.def"
#undef COUNTER
#undef GAUGE
}

int stats_put_openmetrics(struct telexd *telexd, struct buf *out)
{
    struct stats_numbers n;
    int status = collect(telexd, &n);
    if (status != 0)
        return status;
    struct buf text;
    buf_init(&text, TEXT_MAX);
    put_build(&text, n.crew.lexicon);
    put_state(&text, n.state);
    put_head(&text, "uptime_seconds", "gauge", "seconds", "Time since the daemon was started.");
    buf_printf(&text, "telex_uptime_seconds %.3f\n", n.uptime_seconds);
    put_numbers(&text, &n);
    put_refused(&text, &n.ingest);
    put_latency(&text, &n.latency);
    buf_put_text(&text, "# EOF\n");
    buf_put_text(out, "{\"text\":");
    json_put_string(out, buf_slice(&text));
    buf_put_byte(out, '}');
    out->failed |= text.failed;
    buf_fini(&text);
    return 0;
}
