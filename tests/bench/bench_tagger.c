// What the tagger costs in one process, step by step: plain articles, one JSON line each, on stdin;
// one JSON line on stdout.
//   bench-tagger [--seconds N] < articles.jsonl
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/forms/forms.h"
#include "workers/tagger/language.h"
#include "workers/tagger/tagger.h"
#include "workers/tagger/text.h"

enum { ARTICLES_MAX = 10000, ARENA_MAX = 256 * 1024 * 1024 };

struct bench {
    struct article articles[ARTICLES_MAX];
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
        bench->count++;
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

int main(int argc, char **argv)
{
    static struct bench bench;
    const struct tagger_files files = {.lexicon = NULL};
    struct err err = {0};
    double seconds = argc == 3 && strcmp(argv[1], "--seconds") == 0 ? atof(argv[2]) : 2;
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
    printf("}\n");
    tagger_close(bench.tagger);
    arena_fini(&bench.kept);
    arena_fini(&bench.scratch);
    return 0;
}
