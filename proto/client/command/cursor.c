// telex cursor: named places in the stream.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/json.h"
#include "proto/client/command/options.h"
#include "proto/client/command/out.h"
#include "proto/client/command/question.h"

static void print_cursors(const json_t *answer)
{
    const json_t *cursors = json_object_get(answer, "cursors");
    uint64_t head = out_integer(answer, "head"), first = out_integer(answer, "first");
    size_t i;
    json_t *cursor;
    if (!json_array_size(cursors))
        fputs("no cursors\n", stderr);
    json_array_foreach(cursors, i, cursor)
    {
        uint64_t next = out_integer(cursor, "next");
        out_cell(stdout, json_get_slice(cursor, "name"), 32);
        printf(" next %8" PRIu64 "   %8" PRIu64 " behind", next,
               head >= next ? head - next + 1 : 0);
        if (next < first)
            printf("   %8" PRIu64 " of them removed", first - next);
        putchar('\n');
    }
}

static int cursor_list(struct question *question, bool json)
{
    int status = question_ask(question, "cursor_list", QUESTION_TIMEOUT_S);
    if (status == STATUS_OK && json)
        question_print(question);
    else if (status == STATUS_OK)
        print_cursors(question->answer);
    return status;
}

static int cursor_drop(struct question *question, const char *name, bool json)
{
    question_put_text(question, "name", name);
    int status = question_ask(question, "cursor_drop", QUESTION_TIMEOUT_S);
    if (status == STATUS_OK && json)
        question_print(question);
    return status;
}

int command_cursor(struct context *context, int argc, char **argv)
{
    bool json = false;
    const struct option_row options[] = {
        {"json", NULL, OPTION_FLAG, &json, "the daemon's answer as it is", 0, 0},
        {.name = NULL},
    };
    const struct usage usage = {
        "cursor list | drop NAME",
        "Lists the durable cursors that telex follow --cursor made, with the next event each will\n"
        "read, or forgets one.",
        options,
        NULL,
        1,
        2};
    int first = options_parse(&usage, context, argc, argv);
    if (first < 0)
        return options_status(first);
    bool list = strcmp(argv[first], "list") == 0, named = argc - first == 2;
    if ((!list && strcmp(argv[first], "drop") != 0) || list == named)
        return options_complain(&usage, "list, or drop and a name");
    struct question question;
    int status = question_init(&question, context);
    if (status == STATUS_OK)
        status =
            list ? cursor_list(&question, json) : cursor_drop(&question, argv[first + 1], json);
    question_fini(&question);
    return status;
}
