// 1. Title and body without furniture. 2. Which language is it, paragraph by paragraph? 3. Tokens.
// 4. Names. 5. The body's edits, credits and languages.
#include "workers/tagger/tagger.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/path.h"
#include "workers/tagger/language.h"
#include "workers/tagger/lexicon.h"
#include "workers/tagger/names.h"
#include "workers/tagger/paragraphs.h"
#include "workers/tagger/text.h"

enum { CREDIT_NAMES_MAX = 10 };

struct tagger {
    struct lexicon *lexicon;
    struct model *model;
    bool explain;
};

// Libraries build their tables at first use: now, not when the first article waits.
static void libraries_warm_up(void)
{
    static const char sample[] = "A\u030a Zaz\u0307\u00f3\u0142\u0107 Stra\u00dfe";
    struct arena arena;
    struct text text;
    arena_init(&arena, 1 << 20);
    struct slice body = slice_from(sample, sizeof sample - 1), none = slice_from(NULL, 0);
    (void)text_prepare(&text, TAG_BODY, body, none, true, &arena);
    (void)language_identify(none, body, none);
    arena_fini(&arena);
}

// CLD2 takes some 300 KB for each text and gives it back: that shall stay in the process.
static void memory_keep(void)
{
    enum { KEPT = 1 << 20 };
    (void)mallopt(M_MMAP_THRESHOLD, KEPT);
    (void)mallopt(M_TRIM_THRESHOLD, 2 * KEPT);
}

static int open_model(struct model **out, const char *path, struct err *err)
{
    char found[PATH_MAX];
    if (!path && path_find_data("names.model", found) < 0)
        return err_set_errno(err, ENOENT, "no names.model beside the program or in %s",
                             TELEX_DATADIR);
    return model_open(out, path ? path : found, err);
}

static int open_lexicon(struct lexicon **out, const char *path, struct err *err)
{
    char found[PATH_MAX];
    if (!path && path_find_data("lexicon.tlx", found) < 0)
        return err_set_errno(err, ENOENT, "no lexicon.tlx beside the program or in %s",
                             TELEX_DATADIR);
    return lexicon_open(out, path ? path : found, err);
}

static void add_own_lexicon(struct lexicon *lexicon, const char *path, struct err *warning)
{
    struct err err = {.text = ""};
    int failed = path && *path ? lexicon_add_own(lexicon, path, &err) : 0;
    if (failed && failed != -ENOENT)
        err_set(warning, "the user's lexicon is left out: %s", err_text(&err));
}

int tagger_open(struct tagger **out, const struct tagger_files *files, struct err *warning,
                struct err *err)
{
    *out = NULL;
    err_set(warning, "%s", "");
    struct tagger *tagger = calloc(1, sizeof *tagger);
    if (!tagger)
        return err_set_errno(err, ENOMEM, "cannot open the tagger");
    int failed = open_lexicon(&tagger->lexicon, files->lexicon, err);
    if (!failed)
        failed = open_model(&tagger->model, files->model, err);
    if (failed) {
        tagger_close(tagger);
        return failed;
    }
    add_own_lexicon(tagger->lexicon, files->user_lexicon, warning);
    memory_keep();
    libraries_warm_up();
    *out = tagger;
    return 0;
}

void tagger_close(struct tagger *tagger)
{
    if (!tagger)
        return;
    lexicon_close(tagger->lexicon);
    model_close(tagger->model);
    free(tagger);
}

const char *tagger_lexicon_id(const struct tagger *tagger)
{
    return lexicon_id(tagger->lexicon);
}

void tagger_set_explain(struct tagger *tagger, bool explain)
{
    tagger->explain = explain;
}

static int run_failed(int failed, struct err *err)
{
    switch (failed) {
    case -EILSEQ:
        return err_set(err, "title or body is not UTF-8"), -EINVAL;
    case -EFBIG:
        return err_set(err, "body is too long to be tagged"), -EINVAL;
    case -ENOMEM:
        return err_set(err, "tagging the article takes more memory than it may"), -ENOMEM;
    default:
        return err_set_errno(err, -failed, "cannot tag the article");
    }
}

// What the page around the article says is no witness, unless there is nothing else.
static int run_language(const struct article *article, const struct text *title, struct text *body,
                        struct arena *arena, struct tag_result *out)
{
    bool empty = !body->normalised.len && !title->normalised.len;
    struct slice sample = empty ? article->body : body->normalised;
    struct language language = language_identify(title->normalised, sample, article->language);
    out->language = arena_copy(arena, slice_from_text(language.tag));
    out->confidence = language.confidence;
    return out->language.ptr ? paragraphs_identify(body, out->language, arena) : -ENOMEM;
}

static int fill_stretches(const struct text *text, struct arena *arena, struct tag_result *out)
{
    struct text_position position = {.byte = 0};
    struct tag_stretch *stretches =
        arena_alloc_array(arena, text->stretch_count + 1, sizeof *stretches);
    for (size_t i = 0; stretches && i < text->stretch_count; i++) {
        const struct text_stretch *found = &text->stretches[i];
        uint32_t start, end;
        text_to_submitted(text, found->start, found->end, &start, &end);
        stretches[i].start = text_code_point(text, start, &position);
        stretches[i].end = text_code_point(text, end, &position);
        stretches[i].language = slice_from_text(found->language.tag);
        stretches[i].confidence = found->language.confidence;
    }
    out->stretches = stretches;
    out->stretch_count = text->stretch_count;
    return stretches ? 0 : -ENOMEM;
}

static int fill_credit(const struct text *text, const struct credit *found,
                       struct text_position *position, struct arena *arena,
                       struct tag_credit *credit)
{
    struct slice names[CREDIT_NAMES_MAX];
    *credit = (struct tag_credit){.field = text->field};
    credit->exact = slice_from(text->submitted.ptr + found->start, found->end - found->start);
    credit->start = text_code_point(text, found->start, position);
    credit->end = text_code_point(text, found->end, position);
    credit->name_count = credit_names(credit->exact, names, CREDIT_NAMES_MAX);
    struct slice *kept = arena_alloc_array(arena, credit->name_count + 1, sizeof *kept);
    if (!kept)
        return -ENOMEM;
    memcpy(kept, names, credit->name_count * sizeof *kept);
    credit->names = kept;
    return 0;
}

static int fill_credits(const struct text *text, struct arena *arena, struct tag_result *out)
{
    struct text_position position = {.byte = 0};
    struct tag_credit *credits = arena_alloc_array(arena, text->credit_count + 1, sizeof *credits);
    int failed = credits ? 0 : -ENOMEM;
    for (size_t i = 0; !failed && i < text->credit_count; i++)
        failed = fill_credit(text, &text->credits[i], &position, arena, &credits[i]);
    out->credits = credits;
    out->credit_count = text->credit_count;
    return failed;
}

static int find_names(const struct tagger *tagger, const struct text *title,
                      const struct text *body, struct arena *arena, struct tag_result *out)
{
    const struct recogniser recogniser = {
        .lexicon = tagger->lexicon, .model = tagger->model, .explain = tagger->explain};
    return names_find(&recogniser, title, body, out->language, arena, out);
}

static int run_steps(const struct tagger *tagger, const struct article *article,
                     struct arena *arena, struct tag_result *out)
{
    struct text title, body;
    int failed = text_normalise(&title, TAG_TITLE, article->title, false, arena);
    if (!failed)
        failed = text_normalise(&body, TAG_BODY, article->body, true, arena);
    if (!failed)
        failed = run_language(article, &title, &body, arena, out);
    if (!failed)
        failed = text_cut(&title, out->language, arena);
    if (!failed)
        failed = text_cut(&body, out->language, arena);
    if (!failed)
        failed = find_names(tagger, &title, &body, arena, out);
    if (!failed)
        failed = fill_credits(&body, arena, out);
    if (!failed)
        failed = fill_stretches(&body, arena, out);
    if (failed)
        return failed;
    out->text = body.normalised;
    out->edits = text_edits(&body, arena);
    return out->edits.ptr ? 0 : -ENOMEM;
}

int tagger_run(const struct tagger *tagger, const struct article *article, struct arena *arena,
               struct tag_result *out, struct err *err)
{
    *out = (struct tag_result){0};
    int failed = run_steps(tagger, article, arena, out);
    return failed ? run_failed(failed, err) : 0;
}

const char *tag_type_name(enum tag_type type)
{
    static const char *const names[] = {
        [TAG_PERSON] = "person", [TAG_ORGANISATION] = "organisation", [TAG_PLACE] = "place",
        [TAG_EVENT] = "event",   [TAG_PRODUCT] = "product",           [TAG_OTHER] = "other",
    };
    return names[type];
}
