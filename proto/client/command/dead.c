// telex dead: articles that could not be tagged.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/json.h"
#include "proto/client/command/options.h"
#include "proto/client/command/out.h"
#include "proto/client/command/question.h"

static const char about[] =
    "Articles that no worker could tag are kept with all their bytes. `list` names them by "
    "offset,\n"
    "`show` prints one with its text, `retry` has them tagged once more, `drop` forgets them.";

static void print_dead(const json_t *dead)
{
    printf("%8" PRIu64 "  ", out_integer(dead, "offset"));
    out_time(stdout, json_get_slice(dead, "time"));
    printf("  %" PRIu64 " attempts  ", out_integer(dead, "attempts"));
    out_line(stdout, json_get_slice(dead, "uri"));
    fputs("\n          ", stdout);
    out_line(stdout, json_get_slice(dead, "stage"));
    fputs(": ", stdout);
    out_line(stdout, json_get_slice(dead, "last_words"));
    putchar('\n');
}

// Every page of the list, each from behind the last offset of the one before.
static int list_pages(struct question *question, bool json)
{
    uint64_t from = 0, count = 0;
    for (;;) {
        question_put_number(question, "from", from);
        question_put_number(question, "limit", 1000);
        int status = question_ask(question, "dead_list", QUESTION_TIMEOUT_S);
        if (status != STATUS_OK)
            return status;
        const json_t *page = json_object_get(question->answer, "dead");
        if (json_array_size(page) == 0)
            break;
        size_t i;
        json_t *dead;
        json_array_foreach(page, i, dead)
        {
            if (json)
                json_dumpf(dead, stdout, JSON_COMPACT), putchar('\n');
            else
                print_dead(dead);
            from = out_integer(dead, "offset") + 1;
            count++;
        }
    }
    if (!json && !count)
        fputs("no dead letters\n", stderr);
    return STATUS_OK;
}

static void print_shown(json_t *answer)
{
    const json_t *article = json_object_get(answer, "article");
    print_dead(answer);
    putchar('\n');
    out_line(stdout, json_get_slice(article, "title"));
    putchar('\n');
    out_block(stdout, json_get_slice(article, "body"), "");
}

static int dead_act(struct question *question, const char *verb, const char *offset, bool all,
                    bool json)
{
    char request[16];
    snprintf(request, sizeof request, "dead_%s", verb);
    if (all)
        question_put_flag(question, "all", true);
    else
        question_put_number(question, "offset", strtoull(offset, NULL, 10));
    int status = question_ask(question, request, QUESTION_TIMEOUT_S);
    if (status != STATUS_OK)
        return status;
    if (json)
        question_print(question);
    else if (strcmp(verb, "show") == 0)
        print_shown(question->answer);
    else
        printf("%" PRIu64 " %s\n",
               out_integer(question->answer, *verb == 'r' ? "retried" : "dropped"),
               *verb == 'r' ? "will be tagged again" : "dropped");
    return STATUS_OK;
}

// What is wrong with the words after `dead`, or NULL.
static const char *check_words(const char *verb, const char *offset, bool all)
{
    bool list = strcmp(verb, "list") == 0, show = strcmp(verb, "show") == 0;
    if (!list && !show && strcmp(verb, "retry") != 0 && strcmp(verb, "drop") != 0)
        return "the words after dead are list, show, retry or drop";
    if (list)
        return offset || all ? "dead list takes nothing else" : NULL;
    if (show && all)
        return "dead show takes one offset";
    if (!offset == !all)
        return "an offset is needed, or --all";
    return offset && (!*offset || offset[strspn(offset, "0123456789")]) ? "an offset is a number"
                                                                        : NULL;
}

int command_dead(struct context *context, int argc, char **argv)
{
    bool all = false, json = false;
    const struct option_row options[] = {
        {"all", NULL, OPTION_FLAG, &all, "retry or drop every one of them", 0, 0},
        {"json", NULL, OPTION_FLAG, &json, "as JSON, one a line", 0, 0},
        {.name = NULL},
    };
    const struct usage usage = {"dead list | show OFFSET | retry OFFSET|--all | drop OFFSET|--all",
                                about,
                                options,
                                NULL,
                                1,
                                2};
    int first = options_parse(&usage, context, argc, argv);
    if (first < 0)
        return options_status(first);
    const char *verb = argv[first], *offset = first + 1 < argc ? argv[first + 1] : NULL;
    const char *wrong = check_words(verb, offset, all);
    if (wrong)
        return options_complain(&usage, "%s", wrong);
    struct question question;
    int status = question_init(&question, context);
    if (status == STATUS_OK && strcmp(verb, "list") == 0)
        status = list_pages(&question, json);
    else if (status == STATUS_OK)
        status = dead_act(&question, verb, offset, all, json);
    question_fini(&question);
    return status;
}
