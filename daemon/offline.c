#include "daemon/offline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/store/store.h"

static void print_cb(const char *line, void *arg)
{
    (void)arg;
    printf("%s\n", line);
}

static int find_store(const char *directory, struct err *err)
{
    return access(directory, F_OK) == 0 ? 0 : err_set_errno(err, errno, "%s", directory);
}

static int verify_records(const char *directory, struct store_verdict *verdict, struct err *err)
{
    struct store_options options = {.directory = directory, .read_only = true};
    struct store *store;
    int result = store_open(&store, &options, err);
    if (result != 0)
        return result;
    result = store_verify(store, verdict, print_cb, NULL, NULL, err);
    store_close(store);
    return result;
}

// Pages first: with damaged ones, reading the records could end the process.
int offline_verify(const char *directory, struct err *err)
{
    struct store_verdict verdict = {0};
    uint64_t pages = 0;
    int result = find_store(directory, err);
    if (result == 0)
        result = store_check_pages(directory, &pages, print_cb, NULL, err);
    if (result == 0 && pages == 0)
        result = verify_records(directory, &verdict, err);
    if (result != 0)
        return result;
    if (pages)
        printf("%" PRIu64 " problems with pages; records were not looked at\n", pages);
    else
        printf("%" PRIu64 " articles, %" PRIu64 " events, %" PRIu64 " index entries: %" PRIu64
               " problems\n",
               verdict.articles, verdict.events, verdict.index_entries, verdict.damaged);
    if (pages == 0 && verdict.damaged == 0)
        return 0;
    return err_set(err, "%s is damaged; \"telex repair %s\" salvages what is intact", directory,
                   directory);
}

int offline_repair(const char *directory, struct err *err)
{
    struct store_repair_report report;
    int result = find_store(directory, err);
    if (result == 0)
        result = store_repair(directory, &report, print_cb, NULL, err);
    if (result != 0)
        return result;
    printf("salvaged: %" PRIu64 " articles, %" PRIu64 " events, %" PRIu64 " dead letters, %" PRIu64
           " cursors\nlost: %" PRIu64 " articles, %" PRIu64 " events; to be tagged again: %" PRIu64
           " articles\nthe damaged file is kept as %s/%s\n",
           report.articles, report.events, report.dead, report.cursors, report.lost_articles,
           report.lost_events, report.again, directory, report.aside);
    return 0;
}
