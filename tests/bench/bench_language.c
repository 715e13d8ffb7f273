// Language identification on labelled texts: lines of "language TAB text" on stdin, one JSON line
// on stdout: right answers and time for each engine. LANGUAGE.md has the figures.
//   bench-language [--claim TAG] < sentences.tsv
// `claim` is what the feed would have said; without it the text alone decides.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_TEXTCAT
#include <libexttextcat/textcat.h>
#endif

#include "proto/base/clock.h"
#include "proto/base/slice.h"
#include "workers/tagger/language.h"
#include "workers/tagger/language_cld2.h"

enum { LANGUAGES_MAX = 64, ENGINES = 3 };

static const char *const engine_names[ENGINES] = {"telex", "cld2", "textcat"};

struct score {
    char tag[8];
    unsigned of, right[ENGINES];
};

struct bench {
    struct score scores[LANGUAGES_MAX];
    size_t count;
    int64_t spent_ns[ENGINES];
    struct slice claim;
    void *textcat;
};

static struct score *score_of(struct bench *bench, const char *tag)
{
    for (size_t i = 0; i < bench->count; i++)
        if (strcmp(bench->scores[i].tag, tag) == 0)
            return &bench->scores[i];
    if (bench->count == LANGUAGES_MAX)
        return NULL;
    struct score *score = &bench->scores[bench->count++];
    strncpy(score->tag, tag, sizeof score->tag - 1);
    return score;
}

// Norwegian goes by three codes.
static bool is_right(const char *answer, const char *tag)
{
    bool norwegian = strcmp(tag, "nb") == 0 || strcmp(tag, "nn") == 0;
    return strcmp(answer, tag) == 0 || (norwegian && strcmp(answer, "no") == 0);
}

static void answer_textcat(struct bench *bench, const char *text, char out[8])
{
    strcpy(out, "und");
#ifdef HAVE_TEXTCAT
    const char *answer = textcat_Classify(bench->textcat, text, strlen(text));
    if (answer && answer[0] == '[')
        snprintf(out, 8, "%.*s", (int)strcspn(answer + 1, "-]"), answer + 1);
#else
    (void)bench;
    (void)text;
#endif
}

static void answer(struct bench *bench, int engine, const char *text, char out[8])
{
    struct slice slice = slice_from_text(text);
    if (engine == 0) {
        struct language found = language_identify(slice_from(NULL, 0), slice, bench->claim);
        strcpy(out, found.tag);
    } else if (engine == 1) {
        snprintf(out, 8, "%s", cld2_identify(text, slice.len, NULL).code);
    } else {
        answer_textcat(bench, text, out);
    }
}

static void line_run(struct bench *bench, char *line)
{
    char *tab = strchr(line, '\t'), out[8];
    if (!tab)
        return;
    *tab = 0;
    tab[1 + strcspn(tab + 1, "\n")] = 0;
    struct score *score = score_of(bench, line);
    if (!score)
        return;
    score->of++;
    for (int engine = 0; engine < ENGINES; engine++) {
        int64_t began = clock_mono_ns();
        answer(bench, engine, tab + 1, out);
        bench->spent_ns[engine] += clock_mono_ns() - began;
        score->right[engine] += is_right(out, line);
    }
}

static void report(const struct bench *bench)
{
    unsigned of = 0;
    for (size_t i = 0; i < bench->count; i++)
        of += bench->scores[i].of;
    printf("{\"bench\":\"language\",\"texts\":%u", of);
    for (int engine = 0; engine < ENGINES && of; engine++) {
        unsigned right = 0;
        for (size_t i = 0; i < bench->count; i++)
            right += bench->scores[i].right[engine];
        printf(",\"%s\":{\"right_percent\":%.2f,\"us_per_text\":%.1f", engine_names[engine],
               100.0 * right / of, (double)bench->spent_ns[engine] / 1000 / of);
        for (size_t i = 0; i < bench->count; i++)
            printf(",\"%s\":%.1f", bench->scores[i].tag,
                   100.0 * bench->scores[i].right[engine] / bench->scores[i].of);
        printf("}");
    }
    printf("}\n");
}

int main(int argc, char **argv)
{
    static struct bench bench;
    if (argc == 3 && strcmp(argv[1], "--claim") == 0)
        bench.claim = slice_from_text(argv[2]);
#ifdef HAVE_TEXTCAT
    bench.textcat = special_textcat_Init(TEXTCAT_DATA "/fpdb.conf", TEXTCAT_DATA "/");
    if (!bench.textcat)
        return fprintf(stderr, "cannot load %s\n", TEXTCAT_DATA), 1;
#endif
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) >= 0)
        line_run(&bench, line);
    report(&bench);
    free(line);
    return 0;
}
