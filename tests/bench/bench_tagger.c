// What the tagger costs in one process, step by step; against jansson, which only parses the same
// lines, in turn; for articles of growing length; and the memory that takes. Plain articles, one
// JSON line each, on stdin; one JSON line on stdout.
//   bench-tagger [--seconds N [--curve]] < articles.jsonl
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/forms/forms.h"
#include "workers/tagger/language.h"
#include "workers/tagger/tagger.h"
#include "workers/tagger/text.h"

enum { ARTICLES_MAX = 10000, ARENA_MAX = 256 * 1024 * 1024 };
enum {
    ROUNDS = 15,
    CURVE_ROUNDS = 3,
    CURVE_FIRST = 1 << 10,
    CURVE_LAST = 1 << 20,
    CURVE_BYTES = CURVE_LAST
};

struct bench {
    struct article articles[ARTICLES_MAX];
    struct slice lines[ARTICLES_MAX];
    size_t count, bytes;
    struct arena kept, scratch;
    struct tagger *tagger;
    int64_t step_ns;
};

// Processor time, so that a busy machine changes little.
static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void articles_read(struct bench *bench)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;
    while (bench->count < ARTICLES_MAX && (len = getline(&line, &capacity, stdin)) > 0) {
        struct slice text = arena_copy(&bench->kept, slice_from(line, (size_t)len));
        struct article *article = &bench->articles[bench->count];
        struct err err = {0};
        if (forms_read_json(text, WIRE_BODY_MAX, NULL, &bench->kept, article, &err) != WIRE_OK) {
            fprintf(stderr, "bench-tagger: %s\n", err_text(&err));
            continue;
        }
        bench->bytes += article->title.len + article->body.len;
        bench->lines[bench->count++] = text;
    }
    free(line);
}

static void step_language(struct bench *bench, const struct article *a)
{
    (void)bench;
    (void)language_identify(a->title, a->body, slice_from(NULL, 0));
}

static void step_text(struct bench *bench, const struct article *a)
{
    struct text text;
    (void)text_prepare(&text, TAG_BODY, a->body, a->language, true, &bench->scratch);
}

static void step_all(struct bench *bench, const struct article *a)
{
    struct tag_result result;
    (void)tagger_run(bench->tagger, a, &bench->scratch, &result, NULL);
}

static void step_run(struct bench *bench, const char *name,
                     void (*step)(struct bench *, const struct article *))
{
    int64_t began = cpu_ns(), spent;
    size_t runs = 0, bytes = 0;
    do {
        for (size_t i = 0; i < bench->count; i++) {
            arena_reset(&bench->scratch);
            step(bench, &bench->articles[i]);
        }
        runs += bench->count;
        bytes += bench->bytes;
        spent = cpu_ns() - began;
    } while (spent < bench->step_ns);
    printf(",\"%s\":{\"us_per_article\":%.1f,\"mb_per_s\":%.1f}", name,
           (double)spent / 1000 / (double)runs, (double)bytes * 1000 / (double)spent);
}

static double by_jansson(struct bench *bench)
{
    int64_t began = cpu_ns();
    for (size_t i = 0; i < bench->count; i++)
        json_decref(json_loadb(bench->lines[i].ptr, bench->lines[i].len, 0, NULL));
    return (double)(cpu_ns() - began);
}

static double by_tagger(struct bench *bench)
{
    int64_t began = cpu_ns();
    for (size_t i = 0; i < bench->count; i++) {
        arena_reset(&bench->scratch);
        step_all(bench, &bench->articles[i]);
    }
    return (double)(cpu_ns() - began);
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

// In turn, so that whatever slows the machine down slows both.
static void compare(struct bench *bench)
{
    double jansson[ROUNDS], tagger[ROUNDS], ratio[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        jansson[i] = by_jansson(bench);
        tagger[i] = by_tagger(bench);
        ratio[i] = jansson[i] / tagger[i];
    }
    double mb = (double)bench->bytes * 1000;
    printf(",\"jansson_mb_per_s\":%.1f,\"tagger_mb_per_s\":%.2f,\"ratio\":%.4f",
           mb / median(jansson, ROUNDS), mb / median(tagger, ROUNDS), median(ratio, ROUNDS));
}

// The bodies one behind another, from the first on again at the end, cut at `size` bytes.
static struct article joined(struct bench *bench, size_t size)
{
    struct article article = bench->articles[0];
    char *body = arena_alloc(&bench->kept, size + 1);
    size_t len = 0;
    for (size_t i = 0; body && len < size; i = (i + 1) % bench->count) {
        struct slice piece = bench->articles[i].body;
        size_t take = piece.len < size - len ? piece.len : size - len;
        memcpy(body + len, piece.ptr, take);
        len += take;
        if (len < size)
            body[len++] = '\n';
    }
    while (len && ((unsigned char)body[len - 1] & 0x80))
        len--; // no half a character at the end
    article.body = slice_from(body, body ? len : 0);
    return article;
}

static double ns_per_byte(struct bench *bench, const struct article *article, size_t runs)
{
    int64_t began = cpu_ns();
    for (size_t i = 0; i < runs; i++) {
        arena_reset(&bench->scratch);
        step_all(bench, article);
    }
    return (double)(cpu_ns() - began) / (double)runs / (double)article->body.len;
}

static void draw_curve(struct bench *bench)
{
    printf(",\"curve\":[");
    for (size_t size = CURVE_FIRST; size <= CURVE_LAST; size *= 2) {
        double rounds[CURVE_ROUNDS];
        struct article article = joined(bench, size);
        for (size_t i = 0; i < CURVE_ROUNDS; i++)
            rounds[i] = ns_per_byte(bench, &article, CURVE_BYTES / size);
        printf("%s{\"bytes\":%zu,\"ns_per_byte\":%.1f}", size > CURVE_FIRST ? "," : "", size,
               median(rounds, CURVE_ROUNDS));
    }
    printf("]");
}

// The most that was ever resident, the articles themselves included.
static void print_memory(void)
{
    char line[128];
    FILE *status = fopen("/proc/self/status", "r");
    long kib = 0;
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = strtol(line + 6, NULL, 10);
    if (status)
        fclose(status);
    printf(",\"resident_mib\":%.1f", (double)kib / 1024);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const struct tagger_files files = {.lexicon = NULL};
    struct err err = {0};
    double seconds = argc >= 3 && strcmp(argv[1], "--seconds") == 0 ? atof(argv[2]) : 2;
    bool curve = argc == 4 && strcmp(argv[3], "--curve") == 0;
    bench.step_ns = (int64_t)(seconds * 1e9);
    arena_init(&bench.kept, (size_t)4 * ARENA_MAX);
    arena_init(&bench.scratch, ARENA_MAX);
    articles_read(&bench);
    if (!bench.count || tagger_open(&bench.tagger, &files, NULL, &err) < 0) {
        fprintf(stderr, "bench-tagger: %s\n", bench.count ? err_text(&err) : "no articles");
        return 1;
    }
    printf("{\"bench\":\"tagger\",\"articles\":%zu,\"bytes_per_article\":%zu", bench.count,
           bench.bytes / bench.count);
    step_run(&bench, "language", step_language);
    step_run(&bench, "text", step_text);
    step_run(&bench, "all", step_all);
    compare(&bench);
    if (curve)
        draw_curve(&bench);
    print_memory();
    printf("}\n");
    tagger_close(bench.tagger);
    arena_fini(&bench.kept);
    arena_fini(&bench.scratch);
    return 0;
}
