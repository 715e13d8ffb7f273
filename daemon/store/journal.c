#include "daemon/store/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/store/identity.h"
#include "daemon/store/table.h"

// The payload of a journal record: this head, the article record, which knows its own length, and
// behind it who pushed it (in stores of before: nothing).
struct article_head {
    int64_t received_ms;
    uint64_t uri_hash;
    struct hash128 hash;
    uint64_t check; // of what is above, so that it can be read without the article
};

static uint64_t head_check(const struct article_head *head, uint64_t offset)
{
    return hash64(slice_from(head, offsetof(struct article_head, check)), offset);
}

int journal_get_identity(const struct store *store, MDB_txn *txn, uint64_t offset,
                         struct identity *identity)
{
    struct slice value;
    struct article_head head;
    int status = table_get_raw(store, txn, DB_ARTICLES, slice_of_number(&offset), &value);
    if (status < 0)
        return status;
    if (value.len < RECORD_HEAD_BYTES + sizeof head)
        return -EBADMSG;
    memcpy(&head, value.ptr + RECORD_HEAD_BYTES, sizeof head);
    *identity = (struct identity){.uri_hash = head.uri_hash, .hash = head.hash, .offset = offset};
    return head.check == head_check(&head, offset) ? 0 : -EBADMSG;
}

static int split_sender(struct slice bytes, struct slice *record, struct slice *sender)
{
    struct article article;
    struct cursor cursor = cursor_from(bytes);
    if (article_decode(&cursor, &article) < 0)
        return -EBADMSG;
    *sender = slice_from(cursor.at, cursor_left(&cursor));
    *record = slice_from(bytes.ptr, bytes.len - sender->len);
    return 0;
}

int journal_get_record(const struct store *store, MDB_txn *txn, uint64_t offset,
                       struct stored_article *out)
{
    struct slice payload;
    struct article_head head;
    int status = table_get(store, txn, DB_ARTICLES, slice_of_number(&offset), &payload);
    if (status < 0)
        return status;
    if (payload.len < sizeof head)
        return -EBADMSG;
    memcpy(&head, payload.ptr, sizeof head);
    *out = (struct stored_article){
        .offset = offset,
        .received_ms = head.received_ms,
        .hash = head.hash,
    };
    struct slice rest = slice_from(payload.ptr + sizeof head, payload.len - sizeof head);
    return split_sender(rest, &out->record, &out->sender);
}

int journal_get(const struct store *store, MDB_txn *txn, uint64_t offset,
                struct stored_article *out)
{
    int status = journal_get_record(store, txn, offset, out);
    if (status < 0)
        return status;
    status = table_get_number(store, txn, DB_EVENT_OF, slice_of_number(&offset), &out->sequence);
    return status == -ENOENT ? 0 : status;
}

static int put_article(const struct store *store, MDB_txn *txn, uint64_t offset,
                       struct slice record, struct slice sender, const struct article_head *head,
                       unsigned flags)
{
    struct slice key = slice_of_number(&offset);
    char *payload;
    size_t len = sizeof *head + record.len + sender.len;
    int status = table_reserve(store, txn, DB_ARTICLES, key, len, flags, &payload);
    if (status < 0)
        return status;
    memcpy(payload, head, sizeof *head);
    memcpy(payload + sizeof *head, record.ptr, record.len);
    if (sender.len)
        memcpy(payload + sizeof *head + record.len, sender.ptr, sender.len);
    table_seal(DB_ARTICLES, key, payload, len);
    return 0;
}

static int append_article(const struct store *store, MDB_txn *txn, uint64_t offset,
                          struct slice record, struct slice sender, const struct article_head *head)
{
    int status = put_article(store, txn, offset, record, sender, head, MDB_APPEND);
    if (status < 0)
        return status;
    return table_put_number(store, txn, DB_PENDING, slice_of_number(&offset), offset, MDB_APPEND);
}

static int put_lost(struct store *store, MDB_txn *txn, uint64_t offset, struct slice record)
{
    struct identity identity;
    int status = journal_identify(record, &identity);
    if (status < 0)
        return status;
    struct article_head head = {
        .received_ms = store->wall_ms(), .uri_hash = identity.uri_hash, .hash = identity.hash};
    head.check = head_check(&head, offset);
    return put_article(store, txn, offset, record, slice_from(NULL, 0), &head, 0);
}

int journal_put_lost(struct store *store, MDB_txn *txn, uint64_t offset)
{
    char uri[sizeof STORE_DAMAGED_URI + 20];
    struct buf record;
    snprintf(uri, sizeof uri, STORE_DAMAGED_URI "%" PRIu64, offset);
    buf_init(&record, SIZE_MAX);
    struct article article = {.uri = slice_from_text(uri)};
    article_encode(&record, &article);
    int status = record.failed ? -ENOMEM : put_lost(store, txn, offset, buf_slice(&record));
    buf_fini(&record);
    return status;
}

static void refuse(struct ack *ack, const char *why)
{
    *ack = (struct ack){.code = WIRE_STORE_FAILED, .message = slice_from_text(why)};
}

// Equal hashes are not enough: xxHash resists no forger, and an acknowledgement for an article that
// is not stored would break the promise. The first copy is read and compared.
static int acknowledge_again(const struct store *store, MDB_txn *txn, uint64_t offset,
                             struct slice record, struct ack *ack)
{
    struct stored_article first;
    int status = journal_get_record(store, txn, offset, &first);
    if (status < 0 && status != -EBADMSG && status != -ENOENT)
        return status;
    if (status < 0)
        refuse(ack, "the stored copy of this article is damaged");
    else if (!slice_equal(first.record, record))
        refuse(ack, "another article is stored under this article's identity");
    else
        *ack = (struct ack){.duplicate = true, .offset = offset, .hash = first.hash};
    return 0;
}

int journal_identify(struct slice record, struct identity *identity)
{
    struct article article;
    struct cursor cursor = cursor_from(record);
    if (article_decode(&cursor, &article) < 0 || !cursor_is_done(&cursor))
        return -EBADMSG;
    identity->uri_hash = hash64(article.uri, 0);
    identity->hash = article_hash(record);
    return 0;
}

static int accept_new(struct store *store, MDB_txn *txn, struct store_tail *tail,
                      struct slice record, struct slice sender, int64_t now_ms,
                      struct identity *identity)
{
    struct article_head head = {
        .received_ms = now_ms, .uri_hash = identity->uri_hash, .hash = identity->hash};
    identity->offset = tail->next_offset;
    head.check = head_check(&head, identity->offset);
    int status = append_article(store, txn, identity->offset, record, sender, &head);
    if (status == 0)
        status = identity_add(store, identity);
    if (status == 0)
        tail->next_offset++;
    return status;
}

int journal_accept(struct store *store, MDB_txn *txn, struct store_tail *tail, struct slice record,
                   struct slice sender, int64_t now_ms, struct ack *ack)
{
    struct identity identity;
    if (journal_identify(record, &identity) < 0) {
        *ack = (struct ack){.code = WIRE_BAD_ARTICLE,
                            .message = slice_from_text("the article record is malformed")};
        return 0;
    }
    int status = identity_find(store, txn, &identity);
    if (status == 0)
        return acknowledge_again(store, txn, identity.offset, record, ack);
    if (status == -EBADMSG) {
        refuse(ack, "the stored identity of this article is damaged");
        return 0;
    }
    if (status == -ENOENT)
        status = accept_new(store, txn, tail, record, sender, now_ms, &identity);
    if (status == 0)
        *ack = (struct ack){.offset = identity.offset, .hash = identity.hash};
    return status;
}

int journal_is_pending(const struct store *store, MDB_txn *txn, uint64_t offset)
{
    uint64_t same;
    int status = table_get_number(store, txn, DB_PENDING, slice_of_number(&offset), &same);
    return status == 0 && same != offset ? -EBADMSG : status;
}

int journal_finish(const struct store *store, MDB_txn *txn, uint64_t offset, uint64_t sequence)
{
    struct slice key = slice_of_number(&offset);
    int status = table_put_number(store, txn, DB_EVENT_OF, key, sequence, 0);
    return status ? status : table_delete(store, txn, DB_PENDING, key);
}

int journal_reopen(const struct store *store, MDB_txn *txn, uint64_t offset)
{
    struct slice key = slice_of_number(&offset);
    int status = table_delete(store, txn, DB_EVENT_OF, key);
    if (status < 0 && status != -ENOENT)
        return status;
    return table_put_number(store, txn, DB_PENDING, key, offset, 0);
}

static int without_enoent(int status)
{
    return status == -ENOENT ? 0 : status;
}

int journal_remove(struct store *store, MDB_txn *txn, uint64_t offset, uint64_t *bytes)
{
    struct slice key = slice_of_number(&offset), value;
    struct identity identity;
    int status = table_get_raw(store, txn, DB_ARTICLES, key, &value);
    if (status == 0)
        *bytes += value.len;
    status = journal_get_identity(store, txn, offset, &identity);
    if (status == 0)
        status = identity_remove(store, txn, &identity);
    else if (status == -EBADMSG) // whose it was cannot be told
        status = 0;
    if (status == 0)
        status = table_delete(store, txn, DB_ARTICLES, key);
    if (status == 0 || status == -ENOENT)
        status = table_delete(store, txn, DB_EVENT_OF, key);
    return without_enoent(status);
}

// --- what readers see

int store_get_article(struct store_reader *reader, uint64_t offset, struct stored_article *out)
{
    reader_step(reader);
    return journal_get(reader->store, reader->txn, offset, out);
}

static int newest_first_cb(const void *left, const void *right)
{
    uint64_t a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a < b) - (a > b);
}

// 0 when the article has this uri, -ENOENT when it has another or came after this snapshot.
static int has_uri(struct store_reader *reader, uint64_t offset, struct slice uri)
{
    struct stored_article stored;
    struct article article;
    int status = journal_get_record(reader->store, reader->txn, offset, &stored);
    if (status < 0)
        return status;
    struct cursor record = cursor_from(stored.record);
    if (article_decode(&record, &article) < 0)
        return -EBADMSG;
    return slice_equal(article.uri, uri) ? 0 : -ENOENT;
}

static int find_newest(struct store_reader *reader, struct slice uri, struct buf *offsets,
                       uint64_t *offset)
{
    size_t count = offsets->len / sizeof *offset;
    if (count > 1)
        qsort(offsets->ptr, count, sizeof *offset, newest_first_cb);
    int status = -ENOENT;
    for (size_t i = 0; i < count && status == -ENOENT; i++) {
        memcpy(offset, offsets->ptr + i * sizeof *offset, sizeof *offset);
        status = has_uri(reader, *offset, uri);
    }
    return status;
}

int store_find_uri(struct store_reader *reader, struct slice uri, uint64_t *offset)
{
    struct buf offsets;
    buf_init(&offsets, SIZE_MAX);
    int status = identity_offsets(reader, hash64(uri, 0), &offsets);
    if (status == 0)
        status = find_newest(reader, uri, &offsets, offset);
    buf_fini(&offsets);
    return status;
}

int store_next_pending(struct store_reader *reader, uint64_t from, uint64_t *offset)
{
    return table_seek(reader->store, reader->txn, DB_PENDING, from, offset);
}
