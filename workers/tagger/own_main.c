// telex-lexicon: what `telex lexicon` is. The user's own entities: a list that is edited, and the
// lexicon that it is compiled to.
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "proto/base/buf.h"
#include "workers/tagger/own_edit.h"

static const char help_text[] =
    "Usage: telex lexicon add [OPTION...] TYPE NAME...\n"
    "       telex lexicon list | check | build [OPTION...]\n"
    "Keep names of your own, which the tagger finds in all their cases before those it knows.\n"
    "\n"
    "  add    append an entity to the list; TYPE is person, organisation, place, event, product\n"
    "         or other; each NAME counts in every language\n"
    "  list   print the list, with the ids of entities that were given none\n"
    "  check  name every bad line with what to do about it\n"
    "  build  compile the list, if no line is bad; telexd takes it up on SIGHUP (systemctl reload\n"
    "         telexd), telex tag when it starts next\n"
    "\n"
    "  --id ID                of the entity: from Wikidata (Q42), or prefix:name (acme:17); "
    "without\n"
    "                         it one is made of its first name\n"
    "  --pl NAMES             names in Polish texts, with | between them; likewise:\n"
    "  --de NAMES             in German\n"
    "  --en NAMES             in English\n"
    "  --system               the service's list, at the paths that /etc/telex/telex.conf names\n"
    "                         (else /etc/telex/lexicon.tsv and lexicon.tlx), not your own\n"
    "  --config FILE          the same with another telex.conf\n"
    "  --lexicon-source FILE  this list, not $XDG_CONFIG_HOME/telex/lexicon.tsv\n"
    "                         (~/.config/telex/lexicon.tsv)\n"
    "  --lexicon-file FILE    compile to this file, not $XDG_DATA_HOME/telex/lexicon.tlx\n"
    "                         (~/.local/share/telex/lexicon.tlx)\n"
    "  --help                 print this\n"
    "\n"
    "The list has one entity a line: id, type, names, pl, de, en, with tabs between them.\n"
    "Exit status: 0; 1 a line is bad, nothing was added or compiled; 2 wrong usage.\n";

enum { NAMES_BYTES_MAX = 64 * 1024 };

struct request {
    struct own_addition addition;
    const char *config, *list, *compiled;
    bool help;
};

static int complain(const char *what, const char *which)
{
    fprintf(
        stderr,
        "telex lexicon: %s%s\nUsage: telex lexicon add | list | check | build; --help tells more\n",
        what, which);
    return 2;
}

static int request_read(struct request *request, int argc, char **argv)
{
    enum { ID = 1, PL, DE, EN, SYSTEM, CONFIG, LIST, COMPILED, HELP };
    static const struct option known[] = {
        {"id", required_argument, NULL, ID},
        {"pl", required_argument, NULL, PL},
        {"de", required_argument, NULL, DE},
        {"en", required_argument, NULL, EN},
        {"system", no_argument, NULL, SYSTEM},
        {"config", required_argument, NULL, CONFIG},
        {"lexicon-source", required_argument, NULL, LIST},
        {"lexicon-file", required_argument, NULL, COMPILED},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    const char *nowhere, **texts[HELP] = {&nowhere,
                                          &request->addition.id,
                                          &request->addition.pl,
                                          &request->addition.de,
                                          &request->addition.en,
                                          &nowhere,
                                          &request->config,
                                          &request->list,
                                          &request->compiled};
    int option;
    while ((option = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        if (option == '?' || option == ':')
            return complain(option == ':' ? "a value is missing behind " : "unknown option ",
                            argv[optind - 1]);
        if (option == HELP || option == 'h')
            request->help = true;
        else if (option == SYSTEM)
            request->config = "/etc/telex/telex.conf";
        else
            *texts[option] = optarg;
    }
    return 0;
}

static int place_find(struct own_place *place, const struct request *request)
{
    struct err err = {.text = ""};
    int failed = 0;
    if (request->config)
        failed = own_place_of_service(place, request->config, &err);
    else if (!request->list || !request->compiled)
        failed = own_place_of_person(place, &err);
    if (failed)
        return fprintf(stderr, "telex lexicon: %s\n", err_text(&err)), 1;
    if (request->list)
        snprintf(place->list, sizeof place->list, "%s", request->list);
    if (request->compiled)
        snprintf(place->compiled, sizeof place->compiled, "%s", request->compiled);
    return 0;
}

// Each operand is a name.
static int run_add(struct request *request, const struct own_place *place, int argc, char **argv)
{
    struct own_addition *addition = &request->addition;
    if (argc < 1)
        return complain("add takes a type and a name", "");
    if (argc < 2 && !addition->pl && !addition->de && !addition->en)
        return complain("add takes a name, or --pl, --de, --en", "");
    struct buf names;
    buf_init(&names, NAMES_BYTES_MAX);
    for (int i = 1; i < argc; i++) {
        if (i > 1)
            buf_put_byte(&names, '|');
        buf_put_text(&names, argv[i]);
    }
    buf_put_byte(&names, '\0');
    addition->type = argv[0];
    addition->names = names.ptr;
    int status =
        names.failed ? complain("the names are too long", "") : own_edit_add(place, addition);
    buf_fini(&names);
    return status;
}

static int run(struct request *request, int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const struct own_place *place);
    } verbs[] = {{"list", own_edit_list}, {"check", own_edit_check}, {"build", own_edit_build}};
    struct own_place place;
    if (argc < 1)
        return complain("add, list, check or build?", "");
    bool adds = strcmp(argv[0], "add") == 0;
    size_t verb = 0, count = sizeof verbs / sizeof *verbs;
    while (verb < count && strcmp(argv[0], verbs[verb].name) != 0)
        verb++;
    if (!adds && verb == count)
        return complain("it can add, list, check and build, not ", argv[0]);
    if (!adds && argc > 1)
        return complain("too much: ", argv[1]);
    if (!adds && (request->addition.id || request->addition.pl || request->addition.de ||
                  request->addition.en))
        return complain("--id, --pl, --de and --en are for add, not for ", argv[0]);
    if (place_find(&place, request) != 0)
        return 1;
    return adds ? run_add(request, &place, argc - 1, argv + 1) : verbs[verb].run(&place);
}

int main(int argc, char **argv)
{
    struct request request = {.help = false};
    int status = request_read(&request, argc, argv);
    if (status == 0 && request.help)
        fputs(help_text, stdout);
    else if (status == 0)
        status = run(&request, argc - optind, argv + optind);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "telex lexicon: cannot write to standard output: %s\n", strerror(errno));
    return status ? status : 1;
}
