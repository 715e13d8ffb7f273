// Repair of stores from which retention has removed the past, and of files without their heads.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/store/retain.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/daemon/store/support.h"

enum { ARTICLES = 60, TAGGED = 50, DEAD = 7, KEPT = 20, PAGE = 4096 };

// 1 to TAGGED have an event each, that of DEAD says that it is dead; the newest KEPT events are
// still there; the rest waits.
static int setup(void **state)
{
    static struct fixture fx;
    fixture_init(&fx);
    fx.unsynced = true;
    fixture_open_plain(&fx);
    for (unsigned i = 1; i <= ARTICLES; i++)
        push_numbered(&fx, i);
    for (unsigned i = 1; i <= TAGGED; i++)
        if (i == DEAD ? kill_article(&fx, i, "gone") : tag_article(&fx, i, "pl", NULL, 0, NULL))
            return -1;
    struct retain retain;
    struct removal removal = {0};
    retain_init(&retain, fx.store);
    retain.limits.events = KEPT;
    retain_look(&retain);
    while (retain_is_due(&retain))
        if (retain_step(&retain, 1000000000, &removal) < 0)
            return -1;
    *state = &fx;
    return removal.events == TAGGED - KEPT && set_cursor(&fx, "desk", TAGGED - 5) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

static struct buf told;

static void tell_cb(const char *line, void *arg)
{
    (void)arg;
    buf_printf(&told, "%s\n", line);
}

static bool is_told(const char *words)
{
    buf_put(&told, "", 1);
    told.len--;
    return strstr(told.ptr, words) != NULL;
}

static int repair(struct fixture *fx, struct store_repair_report *report, struct err *err)
{
    fixture_close(fx);
    buf_init(&told, 1 << 20);
    return store_repair(fx->directory, report, tell_cb, NULL, err);
}

static struct store_repair_report repair_and_open(struct fixture *fx)
{
    struct store_repair_report report;
    struct err err = {0};
    int status = repair(fx, &report, &err);
    if (status < 0)
        print_error("%s\n", err_text(&err));
    assert_int_equal(status, 0);
    fixture_open_plain(fx);
    assert_int_equal(verify_store(fx, true), 0);
    return report;
}

static void check_numbers(struct fixture *fx)
{
    struct store_counts counts;
    uint64_t next, sequence;
    read_begin(fx);
    assert_int_equal(store_count(fx->reader, &counts), 0);
    assert_int_equal(store_get_cursor(fx->reader, slice_from_text("desk"), &next), 0);
    read_end(fx);
    assert_int_equal(counts.first, TAGGED - KEPT + 1);
    assert_int_equal(counts.removed_articles, TAGGED - KEPT - 1); // not the dead letter's
    assert_int_equal(next, TAGGED - 5);
    assert_int_equal(push_numbered(fx, 1000), ARTICLES + 1);
    assert_int_equal(tag_article(fx, ARTICLES + 1, "pl", NULL, 0, &sequence), 0);
    assert_int_equal(verify_store(fx, true), 0);
}

static void test_what_was_removed_is_not_lost(void **state)
{
    struct fixture *fx = *state;
    struct store_repair_report report = repair_and_open(fx);
    assert_int_equal(report.lost_articles + report.lost_events + report.again, 0);
    assert_int_equal(report.articles, ARTICLES - (TAGGED - KEPT) + 1);
    assert_int_equal(report.events, KEPT);
    assert_int_equal(report.dead, 1);
    assert_int_equal(told.len, 0);
    check_numbers(fx);
    buf_fini(&told);
}

// Damages the record of one article, wherever the file has it; the store is closed and opened.
static void damage_article(struct fixture *fx, unsigned number)
{
    char title[48];
    snprintf(title, sizeof title, "Title number %ureuters", number);
    assert_true(flip_all(fx, slice_from_text(title), 3));
}

static struct stored_article get_article(struct fixture *fx, uint64_t offset)
{
    struct stored_article article;
    read_begin(fx);
    assert_int_equal(store_get_article(fx->reader, offset, &article), 0);
    read_end(fx);
    return article;
}

static void check_lost(struct fixture *fx, uint64_t offset)
{
    char expected[64];
    snprintf(expected, sizeof expected, "%s%u", STORE_DAMAGED_URI, (unsigned)offset);
    struct stored_article article = get_article(fx, offset);
    assert_non_null(memmem(article.record.ptr, article.record.len, expected, strlen(expected)));
    assert_true(article.sequence != 0);
}

static void test_lost_articles_are_named(void **state)
{
    struct fixture *fx = *state;
    damage_article(fx, TAGGED - 2); // has an event
    damage_article(fx, ARTICLES);   // waits for one
    struct store_repair_report report = repair_and_open(fx);
    assert_int_equal(report.lost_articles, 2);
    assert_int_equal(report.lost_events, 0);
    assert_true(is_told("article 48 is lost: urn:48") && is_told("article 60 is lost"));
    check_lost(fx, TAGGED - 2);
    check_lost(fx, ARTICLES);
    check_numbers(fx);
    buf_fini(&told);
}

static void test_a_dead_letter_behind_the_horizon(void **state)
{
    struct fixture *fx = *state;
    damage_article(fx, DEAD);
    struct store_repair_report report = repair_and_open(fx);
    assert_int_equal(report.lost_articles, 1);
    assert_true(is_told("article 7 is lost"));
    buf_fini(&told);
}

// --- the heads

static void overwrite(struct fixture *fx, off_t at, size_t len)
{
    char path[128];
    static const char nothing[2 * PAGE];
    snprintf(path, sizeof path, "%s/data.mdb", fx->directory);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0 && pwrite(fd, nothing, len, at) == (ssize_t)len);
    close(fd);
}

static void test_one_head_suffices(void **state)
{
    struct fixture *fx = *state;
    struct store_counts counts;
    fixture_close(fx);
    fixture_open_plain(fx); // two commits say the same
    assert_int_equal(set_cursor(fx, "other", TAGGED), 0);
    assert_int_equal(set_cursor(fx, "other", TAGGED), 0);
    overwrite(fx, PAGE, PAGE);
    struct store_repair_report report = repair_and_open(fx);
    assert_int_equal(report.lost_articles + report.lost_events + report.again, 0);
    read_begin(fx);
    assert_int_equal(store_count(fx->reader, &counts), 0);
    read_end(fx);
    assert_int_equal(counts.articles, ARTICLES - (TAGGED - KEPT) + 1);
    buf_fini(&told);
}

static bool is_there(const struct fixture *fx, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", fx->directory, name);
    return access(path, F_OK) == 0;
}

// Free pages may hold what was never acknowledged: without a list of them nothing can be proven.
static void test_without_heads_nothing_is_touched(void **state)
{
    struct fixture *fx = *state;
    struct store_repair_report report;
    struct err err = {0};
    overwrite(fx, 0, 2 * PAGE);
    assert_int_equal(repair(fx, &report, &err), -EBADMSG);
    assert_non_null(strstr(err_text(&err), fx->directory));
    assert_non_null(strstr(err_text(&err), "leads to a telex store; only a backup helps"));
    assert_true(is_there(fx, "data.mdb") && !is_there(fx, "repairing"));
    buf_fini(&told);
}

static void test_goes_on_after_one_that_was_interrupted(void **state)
{
    struct fixture *fx = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/repairing", fx->directory);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/repairing/data.mdb", fx->directory);
    FILE *half = fopen(path, "w");
    assert_true(half && fputs("half of a store", half) >= 0 && fclose(half) == 0);
    struct store_repair_report report = repair_and_open(fx);
    assert_int_equal(report.events, KEPT);
    assert_true(is_there(fx, report.aside) && !is_there(fx, "repairing"));
    buf_fini(&told);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_what_was_removed_is_not_lost),
        TEST(test_lost_articles_are_named),
        TEST(test_a_dead_letter_behind_the_horizon),
        TEST(test_one_head_suffices),
        TEST(test_without_heads_nothing_is_touched),
        TEST(test_goes_on_after_one_that_was_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
