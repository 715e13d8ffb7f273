// telex push: articles out of files, feeds and standard input to the daemon.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/client/command/options.h"
#include "proto/client/command/sender.h"

struct push_command {
    struct sender sender;
    const char *source;   // for articles that name none
    const char *language; // likewise
    bool unreadable;      // a file could not be read
};

static const char about[] =
    "Hands articles to the daemon and waits until each is safe on its disk. Reads IPTC ninjs,\n"
    "{uri,title,body,language?,published?,source?}, JSON lines, JSON Feed, RSS, RDF, Atom and "
    "plain\n"
    "text (named .txt files; the first line is the title) and HTML (named files); the form is "
    "recognised.\n"
    "Without a FILE, or for -, it reads standard input. It may be run again at any time:\n"
    "what is stored already is acknowledged as a duplicate, with its first offset.";

static const char notes[] =
    "Every article that is refused is named on standard error with file, position and reason.\n"
    "Lost connections are made again, and what was not acknowledged is sent again.\n"
    "Exit status: 0 all acknowledged; 1 some refused; 2 wrong usage, nothing readable, or the "
    "daemon\n"
    "could not be reached; 128 + number when a signal ended it.";

static int push_refused(struct push_command *push, struct forms_source *source,
                        const struct forms_place *place, const struct err *err)
{
    if (sender_is_over(&push->sender))
        return 0;
    sender_refuse(&push->sender, place, err_text(err));
    bool unreadable = forms_code(source) == WIRE_INTERNAL;
    push->unreadable |= unreadable;
    return !unreadable;
}

static void push_file(struct push_command *push, const char *path)
{
    const struct forms_options options = {.wait_cb = sender_wait_cb, .context = &push->sender};
    struct forms_source *source;
    struct err err = {0};
    struct forms_place place = {.name = path};
    if (forms_open(&source, path, &options, &err) != 0) {
        sender_refuse(&push->sender, &place, err_text(&err));
        push->unreadable = true;
        return;
    }
    int got;
    struct article article;
    while (!sender_is_over(&push->sender) &&
           (got = forms_next(source, &article, &place, &err)) != 0) {
        if (got < 0 && !push_refused(push, source, &place, &err))
            break;
        if (got < 0)
            continue;
        place.name = path; // outlives the source
        if (push->source && !article.source.len)
            article.source = slice_from_text(push->source);
        if (push->language && !article.language.len)
            article.language = slice_from_text(push->language);
        sender_push(&push->sender, &article, &place);
    }
    forms_close(source);
}

static int push_status(const struct push_command *push)
{
    const struct sender *sender = &push->sender;
    if (command_signal)
        return 128 + command_signal;
    if (sender->failed || (push->unreadable && sender->articles == 0))
        return STATUS_USAGE;
    return sender->refused ? STATUS_REFUSED : STATUS_OK;
}

static int push_run(struct push_command *push, int argc, char **argv, int first)
{
    command_catch_signals();
    static const char *const standard_input[] = {"-"};
    const char *const *files = first < argc ? (const char *const *)argv + first : standard_input;
    int count = first < argc ? argc - first : 1;
    for (int i = 0; i < count && !sender_is_over(&push->sender); i++)
        push_file(push, files[i]);
    sender_finish(&push->sender);
    sender_summarise(&push->sender);
    return push_status(push);
}

int command_push(struct context *context, int argc, char **argv)
{
    struct push_command push = {.source = NULL};
    struct sender_options sending = {.window = 1024, .retry_s = 60};
    const struct option_row options[] = {
        {"acks", "FILE", OPTION_TEXT, &sending.acks,
         "append `uri TAB offset` to FILE as each acknowledgement arrives", 0, 0},
        {"window", "N", OPTION_NUMBER, &sending.window, "articles in flight (1024)", 1, 1000000},
        {"source", "NAME", OPTION_TEXT, &push.source, "source of articles that name none", 0, 0},
        {"language", "TAG", OPTION_TEXT, &push.language, "language of articles that name none", 0,
         0},
        {"retry", "SECONDS", OPTION_NUMBER, &sending.retry_s,
         "try again what is refused for now, e.g. on a full disk, for so long (60; 0: never)", 0,
         1000000},
        {"quiet", NULL, OPTION_FLAG, &sending.quiet, "no progress, no summary; refusals only", 0,
         0},
        {.name = NULL},
    };
    const struct usage usage = {"push [OPTION...] [FILE...]", about, options, notes, 0, -1};
    int first = options_parse(&usage, context, argc, argv);
    if (first < 0)
        return options_status(first);
    sending.timeout_s = context->timeout_s;
    int status = sender_init(&push.sender, context, &sending);
    if (status == STATUS_OK)
        status = push_run(&push, argc, argv, first);
    sender_fini(&push.sender);
    return status;
}
