// telex find: entities by any spelling.
#include <inttypes.h>
#include <stdio.h>

#include "proto/base/json.h"
#include "proto/base/utf8.h"
#include "proto/client/command/options.h"
#include "proto/client/command/out.h"
#include "proto/client/command/question.h"

static size_t widest(const json_t *rows, const char *key, size_t least)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        size_t width = utf8_count(json_get_slice(row, key));
        if (width > least)
            least = width;
    }
    return least;
}

static void print_found(const json_t *found, bool color)
{
    size_t ids = widest(found, "id", 2), types = widest(found, "type", 4), i;
    json_t *entity;
    out_begin(stdout, color, STYLE_DIM);
    printf("%8s %8s  %-*s  %-*s  %s\n", "events", "newest", (int)ids, "id", (int)types, "type",
           "name");
    out_end(stdout, color);
    json_array_foreach(found, i, entity)
    {
        printf("%8" PRIu64 " %8" PRIu64 "  ", out_integer(entity, "count"),
               out_integer(entity, "newest"));
        out_cell(stdout, json_get_slice(entity, "id"), ids + 2);
        out_begin(stdout, color, out_style_of(json_get_slice(entity, "type")));
        out_cell(stdout, json_get_slice(entity, "type"), types + 2);
        out_line(stdout, json_get_slice(entity, "name"));
        out_end(stdout, color);
        putchar('\n');
    }
}

static int print_answer(const struct question *question, bool json, const char *name)
{
    const json_t *found = json_object_get(question->answer, "entities");
    if (json)
        question_print(question);
    else if (json_array_size(found))
        print_found(found, out_color(question->context, stdout));
    else
        fprintf(stderr, "telex: nothing is known by the name \"%s\"\n", name);
    return json_array_size(found) ? STATUS_OK : STATUS_REFUSED;
}

int command_find(struct context *context, int argc, char **argv)
{
    bool prefix = false, json = false;
    uint64_t limit = 20;
    const struct option_row options[] = {
        {"prefix", NULL, OPTION_FLAG, &prefix, "names that begin so", 0, 0},
        {"limit", "N", OPTION_NUMBER, &limit, "at most so many (20)", 1, 1000},
        {"json", NULL, OPTION_FLAG, &json, "the daemon's answer as it is", 0, 0},
        {.name = NULL},
    };
    const struct usage usage = {
        "find [OPTION...] NAME",
        "Finds entities in the stored events by any of their spellings, those with most events\n"
        "first. Case, diacritics and script do not matter: Lawrow finds Sergey Lavrov.",
        options,
        "Exit status: 0 found; 1 nothing found; 2 wrong usage, or nobody answers.",
        1,
        1};
    int first = options_parse(&usage, context, argc, argv);
    if (first < 0)
        return options_status(first);
    struct question question;
    int status = question_init(&question, context);
    if (status == STATUS_OK) {
        question_put_text(&question, "name", argv[first]);
        question_put_flag(&question, "prefix", prefix);
        question_put_number(&question, "limit", limit);
        status = question_ask(&question, "find", QUESTION_TIMEOUT_S);
    }
    if (status == STATUS_OK)
        status = print_answer(&question, json, argv[first]);
    question_fini(&question);
    return status;
}
