/* migrate - the schema's versions
 *
 * The files of sql/ are a part of the program (core/embed), so a binary and its schema cannot be mixed up.
 * Forward only: each file runs in a transaction of its own, together with its row in schema_migration,
 * so a file that fails has done nothing. A row keeps the SHA-256 of what was run: a file that was edited
 * after it had been applied somewhere is refused instead of being believed.
 *
 * Two at once: each transaction begins with an advisory lock and looks what is applied only then;
 * the second waits and finds nothing to do. The lock ends with the transaction, so nothing is left
 * of a process that died, and a pooler may stand in between.
 * I/O: the database.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/embed.h"
#include "core/text.h"
#include "db/internal.h"

const struct embedded *sql_files(size_t *count_out);

enum { SHA256_BYTES = 32 };

/* "postdesk" in ASCII, read as a number. */
#define MIGRATE_LOCK INT64_C(0x706f73746465736b)

static const struct statement LOCK = {"migrate_lock", "SELECT pg_advisory_xact_lock($1)"};
static const struct statement HAS_TABLE = {"migrate_has_table",
                                           "SELECT to_regclass('schema_migration') IS NOT NULL"};
static const struct statement APPLIED = {
    "migrate_applied", "SELECT version, name, sha256 FROM schema_migration ORDER BY version"};
static const struct statement RECORD = {
    "migrate_record", "INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3)"};

static const char CREATE_TABLE[] = "CREATE TABLE IF NOT EXISTS schema_migration ("
                                   " version integer PRIMARY KEY,"
                                   " name text NOT NULL,"
                                   " sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),"
                                   " applied_at timestamptz NOT NULL DEFAULT now())";

static struct migration *make_list(size_t *count_out)
{
    const struct embedded *files = sql_files(count_out);
    struct migration *list = g_new0(struct migration, *count_out);

    for (size_t i = 0; i < *count_out; i++) {
        list[i] = (struct migration){
            .version = (int)g_ascii_strtoll(files[i].name, NULL, 10),
            .name = files[i].name,
            .sql = files[i].contents,
        };
        assert(list[i].version == (int)i + 1); /* 0001, 0002, … without a gap */
    }
    return list;
}

const struct migration *migrations(size_t *count_out)
{
    static struct migration *list;
    static size_t count;

    if (list == NULL) {
        list = make_list(&count);
    }
    *count_out = count;
    return list;
}

static const struct migration *find_migration(const struct migration *list, size_t count,
                                              int64_t version)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].version == version) {
            return &list[i];
        }
    }
    return NULL;
}

static bool is_same(const struct migration *migration, const struct rows *applied, int row)
{
    uint8_t digest[SHA256_BYTES];
    size_t length = 0;
    const void *recorded = row_bytes(applied, row, 2, &length);

    text_sha256(migration->sql, strlen(migration->sql), digest);
    return length == sizeof(digest) && memcmp(recorded, digest, sizeof(digest)) == 0;
}

/* Hold what was applied against the list; *next_out: the first that was not, NULL for none. */
static enum status compare(const struct migration *list, size_t count, const struct rows *applied,
                           const struct migration **next_out, struct err *err)
{
    int64_t newest = 0;

    for (int row = 0; row < rows_count(applied); row++) {
        const struct migration *migration = find_migration(list, count, row_int64(applied, row, 0));
        newest = row_int64(applied, row, 0);
        if (migration == NULL) {
            (void)err_set(err, ST_FATAL,
                          "cannot use this database: it is newer than this program (%s)",
                          row_text(applied, row, 1));
            return err_hint(err, "install the postdesk that made it, or a newer one");
        }
        if (!is_same(migration, applied, row)) {
            (void)err_set(err, ST_FATAL,
                          "cannot use this database: %s was applied to it with "
                          "other contents",
                          migration->name);
            return err_hint(err,
                            "it was made by another build of postdesk; a file of sql/ must not be "
                            "edited once it is applied");
        }
    }
    *next_out = NULL;
    for (size_t i = 0; i < count && *next_out == NULL; i++) {
        *next_out = list[i].version > newest ? &list[i] : NULL;
    }
    return ST_OK;
}

/* What was applied; no rows_out where there is no table yet. */
static enum status read_applied(struct tx *tx, struct rows **applied_out, struct err *err)
{
    OWNED(rows) has_table = NULL;
    enum status status = tx_query(tx, &HAS_TABLE, NULL, &has_table, err);

    *applied_out = NULL;
    if (status != ST_OK || !row_bool(has_table, 0, 0)) {
        return status;
    }
    return tx_query(tx, &APPLIED, NULL, applied_out, err);
}

static enum status next_of(struct tx *tx, const struct migration *list, size_t count,
                           const struct migration **next_out, struct err *err)
{
    OWNED(rows) applied = NULL;
    enum status status = read_applied(tx, &applied, err);

    if (status != ST_OK) {
        return status;
    }
    if (applied == NULL) {
        *next_out = count > 0 ? &list[0] : NULL;
        return ST_OK;
    }
    return compare(list, count, applied, next_out, err);
}

static enum status lock(struct tx *tx, struct err *err)
{
    OWNED(params) params = params_new();

    params_add_int64(params, MIGRATE_LOCK);
    tx_take_time(tx); /* another's migration may, ours too */
    tx_queue(tx, &LOCK, params, NULL);
    return tx_sync(tx, err);
}

static enum status run_file(struct tx *tx, const struct migration *migration, struct err *err)
{
    OWNED(params) params = params_new();
    uint8_t digest[SHA256_BYTES];
    enum status status = tx_script(tx, CREATE_TABLE, err);

    if (status == ST_OK) {
        status = tx_script(tx, migration->sql, err);
    }
    if (status != ST_OK) {
        (void)err_wrap(err, "%s", migration->name);
        return status;
    }
    text_sha256(migration->sql, strlen(migration->sql), digest);
    params_add_int32(params, migration->version);
    params_add_text(params, migration->name);
    params_add_bytes(params, digest, sizeof(digest));
    return tx_query(tx, &RECORD, params, NULL, err);
}

/* Apply the first one that is missing; *applied_out: which, NULL for none. */
static enum status apply_next(struct conn *conn, const struct migration *list, size_t count,
                              const struct migration **applied_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    const struct migration *next = NULL;
    enum status status = tx_begin(conn, TX_WRITE, &tx, err);

    if (status == ST_OK) {
        status = lock(tx, err);
    }
    if (status == ST_OK) {
        status = next_of(tx, list, count, &next, err);
    }
    if (status == ST_OK && next != NULL) {
        status = run_file(tx, next, err);
    }
    if (status == ST_OK) {
        status = tx_commit(&tx, err);
    }
    if (status == ST_OK) {
        *applied_out = next;
    }
    return status;
}

enum status migrate_apply_list(struct conn *conn, const struct migration *list, size_t count,
                               GPtrArray **applied_out, struct err *err)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const struct migration *applied = NULL;
    enum status status = ST_OK;

    do {
        status = apply_next(conn, list, count, &applied, err);
        if (status == ST_OK && applied != NULL) {
            g_ptr_array_add(names, g_strdup(applied->name));
        }
    } while (status == ST_OK && applied != NULL);
    if (status == ST_OK) {
        *applied_out = g_steal_pointer(&names);
    }
    return status;
}

enum status migrate_apply(struct conn *conn, GPtrArray **applied_out, struct err *err)
{
    size_t count = 0;
    const struct migration *list = migrations(&count);

    return migrate_apply_list(conn, list, count, applied_out, err);
}

/* The first migration that is missing, by reading only. */
static enum status look(struct conn *conn, const struct migration **next_out, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    size_t count = 0;
    const struct migration *list = migrations(&count);
    enum status status = tx_begin(conn, TX_READ_ONLY, &tx, err);

    if (status == ST_OK) {
        status = next_of(tx, list, count, next_out, err);
    }
    return status == ST_OK ? tx_commit(&tx, err) : status;
}

enum status migrate_pending(struct conn *conn, GPtrArray **names_out, struct err *err)
{
    size_t count = 0;
    const struct migration *list = migrations(&count);
    const struct migration *next = NULL;
    enum status status = look(conn, &next, err);

    if (status != ST_OK) {
        return status;
    }
    *names_out = g_ptr_array_new_with_free_func(g_free);
    for (; next != NULL && next < list + count; next++) {
        g_ptr_array_add(*names_out, g_strdup(next->name));
    }
    return ST_OK;
}

enum status migrate_check(struct conn *conn, struct err *err)
{
    const struct migration *next = NULL;
    enum status status = look(conn, &next, err);

    if (status == ST_OK && next != NULL) {
        (void)err_set(err, ST_FATAL,
                      "cannot use this database: its schema is too old for this program, "
                      "%s is missing",
                      next->name);
        return err_hint(err, "postdesk migrate");
    }
    return status;
}
