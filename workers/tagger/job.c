#include "workers/tagger/job.h"

#include <errno.h>
#include <stdint.h>

#include "proto/wire/result.h"
#include "workers/tagger/event_json.h"

enum { DATA_BYTES_MAX = 24 * 1024 * 1024 };

void job_init(struct job *job, const struct tagger *tagger)
{
    *job = (struct job){.tagger = tagger};
    arena_init(&job->arena, JOB_ARENA_MAX);
    buf_init(&job->keys, (size_t)RESULT_KEYS_MAX * (RESULT_KEY_BYTES_MAX + 2));
    buf_init(&job->data, DATA_BYTES_MAX);
}

void job_fini(struct job *job)
{
    arena_fini(&job->arena);
    buf_fini(&job->keys);
    buf_fini(&job->data);
}

void job_reset(struct job *job)
{
    if (job->arena.used > JOB_ARENA_KEEP)
        arena_fini(&job->arena);
    if (job->data.capacity > JOB_ARENA_KEEP)
        buf_fini(&job->data);
    arena_reset(&job->arena);
    buf_reset(&job->keys);
    buf_reset(&job->data);
}

static void refuse(struct job *job, const char *reason, struct result *result)
{
    buf_reset(&job->data);
    buf_put_text(&job->data, reason);
    *result = (struct result){.status = RESULT_REFUSED, .data = buf_slice(&job->data)};
}

static void tag(struct job *job, const struct article *article, struct result *result)
{
    struct err err = {0};
    struct tag_result tags;
    if (tagger_run(job->tagger, article, &job->arena, &tags, &err) < 0) {
        refuse(job, err_text(&err), result);
        return;
    }
    uint32_t keys = event_put_keys(&job->keys, &tags);
    event_put_data(&job->data, &tags, tagger_lexicon_id(job->tagger));
    if (job->keys.failed || job->data.failed) {
        refuse(job, "the article names more than an event can hold", result);
        return;
    }
    *result = (struct result){.status = RESULT_TAGGED,
                              .key_count = keys,
                              .keys = buf_slice(&job->keys),
                              .edits = tags.edits,
                              .data = buf_slice(&job->data)};
}

int job_run(struct job *job, struct slice record, struct buf *out, struct err *err)
{
    struct article article;
    struct result result;
    struct cursor cursor = cursor_from(record);
    job_reset(job);
    if (article_decode(&cursor, &article) < 0 || !cursor_is_done(&cursor))
        refuse(job, "the job is not an article record", &result);
    else
        tag(job, &article, &result);
    result_encode(out, &result);
    return out->failed ? err_set_errno(err, ENOMEM, "no memory for a result") : 0;
}
