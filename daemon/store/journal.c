#include "daemon/store/journal.h"

#include <endian.h>
#include <errno.h>

#include "daemon/store/table.h"

// In front of the article record, in the payload of its journal record.
struct article_head {
    int64_t received_ms;
    struct hash128 hash;
};

int journal_identity(struct slice record, struct hash128 hash, char key[IDENTITY_KEY_BYTES])
{
    struct article article;
    struct cursor cursor = cursor_from(record);
    if (article_decode(&cursor, &article) < 0)
        return -EBADMSG;
    // Big-endian, so that all versions of one uri lie side by side.
    uint64_t words[3] = {htobe64(hash64(article.uri, 0)), htobe64(hash.high), htobe64(hash.low)};
    memcpy(key, words, IDENTITY_KEY_BYTES);
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
        .record = slice_from(payload.ptr + sizeof head, payload.len - sizeof head),
    };
    return 0;
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

static int append_article(const struct store *store, MDB_txn *txn, uint64_t offset,
                          struct slice record, const struct article_head *head)
{
    struct slice key = slice_of_number(&offset);
    char *payload;
    size_t len = sizeof *head + record.len;
    int status = table_reserve(store, txn, DB_ARTICLES, key, len, MDB_APPEND, &payload);
    if (status < 0)
        return status;
    memcpy(payload, head, sizeof *head);
    memcpy(payload + sizeof *head, record.ptr, record.len);
    table_seal(DB_ARTICLES, key, payload, len);
    return table_put_number(store, txn, DB_PENDING, key, offset, MDB_APPEND);
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

int journal_accept(const struct store *store, MDB_txn *txn, struct store_tail *tail,
                   struct slice record, int64_t now_ms, struct ack *ack)
{
    struct article_head head = {.received_ms = now_ms, .hash = article_hash(record)};
    char identity[IDENTITY_KEY_BYTES];
    if (journal_identity(record, head.hash, identity) < 0) {
        *ack = (struct ack){.code = WIRE_BAD_ARTICLE,
                            .message = slice_from_text("the article record is malformed")};
        return 0;
    }
    uint64_t offset = tail->next_offset, first;
    int status = table_add_number(store, txn, DB_IDENTITY, slice_from(identity, sizeof identity),
                                  offset, &first);
    if (status == -EEXIST)
        return acknowledge_again(store, txn, first, record, ack);
    if (status == -EBADMSG) {
        refuse(ack, "the stored identity of this article is damaged");
        return 0;
    }
    if (status == 0)
        status = append_article(store, txn, offset, record, &head);
    if (status < 0)
        return status;
    tail->next_offset = offset + 1;
    *ack = (struct ack){.offset = offset, .hash = head.hash};
    return 0;
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

// --- what readers see

int store_get_article(struct store_reader *reader, uint64_t offset, struct stored_article *out)
{
    return journal_get(reader->store, reader->txn, offset, out);
}

// Whether `key` belongs to `uri`, and then its article's offset, in *newest if it is newer.
static int consider_version(struct store_reader *reader, struct slice key, struct slice value,
                            struct slice uri, uint64_t *newest)
{
    struct stored_article stored;
    struct article article;
    uint64_t offset;
    int status = number_open(DB_IDENTITY, key, value, &offset);
    if (status == 0)
        status = journal_get_record(reader->store, reader->txn, offset, &stored);
    if (status < 0)
        return status == -ENOENT ? -EBADMSG : status;
    struct cursor record = cursor_from(stored.record);
    if (article_decode(&record, &article) < 0)
        return -EBADMSG;
    if (slice_equal(article.uri, uri) && offset > *newest)
        *newest = offset;
    return 0;
}

int store_find_uri(struct store_reader *reader, struct slice uri, uint64_t *offset)
{
    uint64_t prefix = htobe64(hash64(uri, 0));
    MDB_val key = {.mv_size = sizeof prefix, .mv_data = &prefix}, value;
    MDB_cursor *cursor;
    int damaged = 0;
    int status =
        table_error(mdb_cursor_open(reader->txn, reader->store->dbs[DB_IDENTITY], &cursor));
    if (status < 0)
        return status;
    *offset = 0;
    status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE));
    while (status == 0 && key.mv_size == IDENTITY_KEY_BYTES &&
           memcmp(key.mv_data, &prefix, sizeof prefix) == 0) {
        int seen =
            consider_version(reader, slice_from_val(key), slice_from_val(value), uri, offset);
        damaged = seen < 0 ? seen : damaged;
        status = table_error(mdb_cursor_get(cursor, &key, &value, MDB_NEXT));
    }
    mdb_cursor_close(cursor);
    if (status < 0 && status != -ENOENT)
        return status;
    if (damaged)
        return damaged;
    return *offset ? 0 : -ENOENT;
}

int store_next_pending(struct store_reader *reader, uint64_t from, uint64_t *offset)
{
    return table_seek(reader->store, reader->txn, DB_PENDING, from, offset);
}
