// telex verify: recompute every checksum and index.
#include <inttypes.h>
#include <stdio.h>

#include "proto/base/json.h"
#include "proto/client/command/options.h"
#include "proto/client/command/out.h"
#include "proto/client/command/question.h"

static int print_verdict(const struct question *question, bool json)
{
    const json_t *answer = question->answer, *problems = json_object_get(answer, "problems");
    uint64_t damaged = out_integer(answer, "damaged");
    if (json)
        question_print(question);
    else
        printf("%" PRIu64 " articles, %" PRIu64 " events, %" PRIu64 " index entries: %" PRIu64
               " damaged\n",
               out_integer(answer, "articles"), out_integer(answer, "events"),
               out_integer(answer, "index_entries"), damaged);
    size_t i;
    json_t *problem;
    json_array_foreach(problems, i, problem)
    {
        if (json)
            break;
        out_line(stdout, slice_from(json_string_value(problem), json_string_length(problem)));
        putchar('\n');
    }
    return damaged || json_array_size(problems) ? STATUS_REFUSED : STATUS_OK;
}

int command_verify(struct context *context, int argc, char **argv)
{
    bool json = false;
    const struct option_row options[] = {
        {"json", NULL, OPTION_FLAG, &json, "the daemon's answer as it is", 0, 0},
        {.name = NULL},
    };
    const struct usage usage = {
        "verify [OPTION...]",
        "Has the daemon read its whole store, recompute every checksum and compare every index. "
        "It\n"
        "goes on working meanwhile; this may take minutes.",
        options,
        "Exit status: 0 all is well; 1 something is damaged; 2 wrong usage, or nobody answers.",
        0,
        0};
    int first = options_parse(&usage, context, argc, argv);
    if (first < 0)
        return options_status(first);
    struct question question;
    int status = question_init(&question, context);
    if (status == STATUS_OK)
        status = question_ask(&question, "verify", 0);
    if (status == STATUS_OK)
        status = print_verdict(&question, json);
    question_fini(&question);
    return status;
}
