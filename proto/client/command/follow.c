// telex follow: the stream of tagged events, for people and for programs.
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/clock.h"
#include "proto/base/json.h"
#include "proto/client/command/entities.h"
#include "proto/client/command/event_print.h"
#include "proto/client/command/out.h"
#include "proto/client/command/question.h"

enum {
    TICK_MS = 500,
    PATIENCE_MS = 2000,
    FLUSH_EVENTS = 256, // output and cursor keep up at least so often in a long replay
};

struct follow_command {
    const struct context *context;
    struct telex_client *client;
    struct option_values names, entities, types, languages, sources;
    const char *from, *cursor;
    uint64_t count; // 0: no end
    bool json, text, no_wait, color;
    uint64_t printed;
    unsigned unflushed;
    int64_t alone_ms; // monotonic: since when there is no connection
    bool noted;       // that nobody answers was said
};

static const char about[] =
    "Prints the tagged events that are stored, from a place on, then those to come, without a gap "
    "or a\n"
    "duplicate: sequence, @offset, time (UTC), language, headline, source; below it the entities,\n"
    "coloured by type. Conditions of one kind widen each other, those of different kinds narrow.";

static const char notes[] =
    "--from is first, now (the default), a time (2026-11-22 or 2026-11-22T01:36:00Z: the first "
    "event at or\n"
    "after it), or a number N: the event with the sequence N is the first candidate. Sequences "
    "number the\n"
    "events in the order of their completion; the @offset of an article is another number.\n"
    "A cursor that exists decides where to go on, and --from is ignored; it moves behind what has "
    "been\n"
    "written out, so that after a crash nothing is missed.\n"
    "Exit status: 0 the end that was asked for; 1 refused; 2 wrong usage, or the daemon could not "
    "be\n"
    "reached; 128 + number when a signal ended it.";

static void print_json(const struct telex_event *event)
{
    fwrite(event->json.ptr, 1, event->json.len, stdout);
    putchar('\n');
}

static void print_event(struct follow_command *follow, const struct telex_event *event)
{
    if (follow->json) {
        print_json(event);
        return;
    }
    json_t *parsed = json_loadb(event->json.ptr, event->json.len, 0, NULL);
    if (parsed)
        event_print(stdout, parsed, follow->color, follow->text);
    else
        printf("%6" PRIu64 " is no JSON\n", event->sequence);
    json_decref(parsed);
}

// Writes out what was printed, then tells the daemon. `last`: waits until that is durable. -1 to go
// on, else the exit status: nobody reads any more, or the cursor cannot be moved.
static int flush_output(struct follow_command *follow, bool last)
{
    follow->unflushed = 0;
    if (fflush(stdout) != 0 || ferror(stdout))
        return out_is_abandoned() ? STATUS_OK : STATUS_REFUSED;
    struct telex_error error;
    if (!follow->cursor || telex_follow_seen(follow->client, last, &error) == 0)
        return -1;
    // What may pass is made good by the next call.
    if (error.retryable && !last)
        return -1;
    return question_fail(&error);
}

// Says whom it waits for; gives up after --timeout. False: it is over.
static bool look_at_connection(struct follow_command *follow)
{
    int64_t now = clock_mono_ms();
    const char *endpoint = telex_client_endpoint(follow->client, "stream");
    if (telex_client_is_connected(follow->client, "stream")) {
        follow->alone_ms = now;
        follow->noted = false;
        return true;
    }
    uint64_t limit = follow->context->timeout_s;
    if (limit != TIMEOUT_UNSET && now - follow->alone_ms >= (int64_t)limit * 1000) {
        fprintf(stderr, "telex: nobody answers at %s; is telexd running?\n", endpoint);
        return false;
    }
    if (!follow->noted && now - follow->alone_ms >= PATIENCE_MS) {
        fprintf(stderr, "telex: waiting for telexd at %s\n", endpoint);
        follow->noted = true;
    }
    return true;
}

// One turn: an event, or the time between two. -1 to go on, else the exit status.
static int follow_turn(struct follow_command *follow)
{
    struct telex_event event;
    struct telex_error error;
    int got = telex_follow_next(follow->client, &event, follow->unflushed ? 0 : TICK_MS, &error);
    if (got < 0) {
        int status = question_fail(&error);
        return error.retryable ? -1 : status;
    }
    if (got > 0) {
        print_event(follow, &event);
        follow->unflushed++;
        follow->printed++;
    }
    bool done = (follow->count && follow->printed == follow->count) ||
                (follow->no_wait && telex_follow_is_live(follow->client));
    if (done)
        return STATUS_OK;
    if (got > 0 && follow->unflushed < FLUSH_EVENTS)
        return -1;
    int status = flush_output(follow, false);
    if (status < 0 && got == 0 && !look_at_connection(follow))
        status = STATUS_USAGE;
    return status;
}

static int follow_loop(struct follow_command *follow)
{
    int status = -1;
    follow->alone_ms = clock_mono_ms();
    while (status < 0 && !command_signal)
        status = follow_turn(follow);
    int flushed = flush_output(follow, true);
    if (status == STATUS_OK && flushed > STATUS_OK)
        status = flushed;
    telex_follow_close(follow->client, NULL);
    return command_signal ? 128 + command_signal : status;
}

static const char *const *list_or_null(const struct option_values *values)
{
    return values->count ? values->values : NULL;
}

static int follow_run(struct follow_command *follow)
{
    int status = entities_resolve(follow->context, &follow->names, &follow->entities);
    if (status != STATUS_OK)
        return status;
    const struct telex_follow_options options = {
        .from = follow->from,
        .cursor = follow->cursor,
        .entities = list_or_null(&follow->entities),
        .types = list_or_null(&follow->types),
        .languages = list_or_null(&follow->languages),
        .sources = list_or_null(&follow->sources),
        .text = follow->text,
    };
    struct telex_error error;
    command_catch_signals();
    follow->color = out_color(follow->context, stdout);
    if (telex_client_open(&follow->client, &follow->context->endpoints, &error) != 0 ||
        telex_follow(follow->client, &options, &error) != 0)
        return question_fail(&error);
    return follow_loop(follow);
}

int command_follow(struct context *context, int argc, char **argv)
{
    struct follow_command follow = {.context = context};
    const struct option_row options[] = {
        {"from", "PLACE", OPTION_TEXT, &follow.from, "first, now, a sequence or a time: see below",
         0, 0},
        {"cursor", "NAME", OPTION_TEXT, &follow.cursor,
         "go on where this durable cursor is; made when there is none", 0, 0},
        {"entity", "ID|NAME", OPTION_MANY, &follow.names,
         "about this entity, by id (Q7747) or any spelling; may be repeated", 0, 0},
        {"type", "TYPE,...", OPTION_LIST, &follow.types,
         "with a person, organisation, place, event, product or other", 0, 0},
        {"lang", "TAG,...", OPTION_LIST, &follow.languages, "in these languages: pl,de", 0, 0},
        {"source", "NAME", OPTION_MANY, &follow.sources, "from this source; may be repeated", 0, 0},
        {"count", "N", OPTION_NUMBER, &follow.count, "end after N events", 1, INT64_MAX},
        {"no-wait", NULL, OPTION_FLAG, &follow.no_wait, "end when all that is stored was printed",
         0, 0},
        {"json", NULL, OPTION_FLAG, &follow.json, "each event on one line as it came (CloudEvents)",
         0, 0},
        {"text", NULL, OPTION_FLAG, &follow.text, "with the normalised text", 0, 0},
        {.name = NULL},
    };
    const struct usage usage = {"follow [OPTION...]", about, options, notes, 0, 0};
    int status = options_parse(&usage, context, argc, argv);
    status = status < 0 ? options_status(status) : follow_run(&follow);
    telex_client_close(follow.client);
    option_values_fini(&follow.names);
    option_values_fini(&follow.entities);
    option_values_fini(&follow.types);
    option_values_fini(&follow.languages);
    option_values_fini(&follow.sources);
    return status;
}
