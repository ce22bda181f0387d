/* rule - versions of the desk's rules and notices
 *
 * A version is a set of files that is never changed, only followed by the next one; which one is live is one row's
 * word, so that rules and notices change together, for all processes, with one commit. A rollback is a new version
 * with an old content: the history has no way back.
 *
 * Where nobody ever applied anything, the rules that are a part of the program are live, as version 0. Notices of
 * the program are no files of any version: a version's notice takes the place of the one with its name.
 *
 * The number of a new version is the next one, without gaps: two who make one at once collide on it, and the second does
 * his transaction again.
 * I/O: the caller's transaction.
 */
#include "store/rule.h"

#include <inttypes.h>
#include <string.h>

#include "core/embed.h"
#include "store/change_log.h"

/* Made by src/core/embed.py. */
const struct embedded *rule_files(size_t *count_out);

static const struct statement LIVE = {
    "rule_live", "SELECT coalesce((SELECT id FROM rule_version WHERE is_live), 0)"};
static const struct statement FILES = {
    "rule_files", "SELECT f.name, f.content FROM rule_version v LEFT JOIN rule_file f"
                  " ON f.version = v.id WHERE v.id = $1 ORDER BY f.name COLLATE \"C\""};
static const struct statement NEXT = {"rule_next",
                                      "SELECT coalesce(max(id), 0) + 1 FROM rule_version"};
static const struct statement RETIRE = {"rule_retire",
                                        "UPDATE rule_version SET is_live = false WHERE is_live"};
static const struct statement ADD = {
    "rule_add", "INSERT INTO rule_version (id, made_by, why, restores, is_live)"
                " VALUES ($1, $2, $3, $4, true)"};
static const struct statement ADD_FILES = {
    "rule_add_files", "INSERT INTO rule_file (version, name, content)"
                      " SELECT $1, u.name, u.content FROM unnest($2::text[], $3::text[])"
                      " AS u (name, content)"};
static const struct statement HISTORY = {
    "rule_history",
    "SELECT v.id, v.made_at, v.made_by, v.why, v.restores, v.is_live,"
    " count(f.name) FILTER (WHERE f.name NOT LIKE 'notices/%'),"
    " count(f.name) FILTER (WHERE f.name LIKE 'notices/%')"
    " FROM rule_version v LEFT JOIN rule_file f ON f.version = v.id GROUP BY v.id ORDER BY v.id"};

/* ---- names ------------------------------------------------------------------------------------- */

struct rule_text *rule_text_new(const char *name, const char *content)
{
    struct rule_text *text = g_new(struct rule_text, 1);
    *text = (struct rule_text){.name = g_strdup(name), .content = g_strdup(content)};
    return text;
}

void rule_text_free(struct rule_text *text)
{
    if (text) {
        g_free(text->name);
        g_free(text->content);
        g_free(text);
    }
}

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"
#define NOTICES "notices/"

/* A word of chars that does not begin with a dash or underscore, then the end. */
static bool is_word_with_end(const char *text, const char *chars, const char *end)
{
    size_t length = strspn(text, chars);
    return length > 0 && *text != '-' && *text != '_' && strcmp(text + length, end) == 0;
}

bool rule_text_is_notice(const char *name)
{
    if (!g_str_has_prefix(name, NOTICES)) {
        return false;
    }
    const char *language = name + strlen(NOTICES);
    return strspn(language, LETTERS) == 2 && language[2] == '/' &&
           is_word_with_end(language + 3, LETTERS DIGITS "-", ".txt");
}

bool rule_text_is_name(const char *name)
{
    return is_word_with_end(name, LETTERS DIGITS "_-", ".rules") || rule_text_is_notice(name);
}

/* ---- reading ----------------------------------------------------------------------------------- */

void rule_store_queue_live(struct tx *tx, struct rows **rows_out)
{
    tx_queue(tx, &LIVE, NULL, rows_out);
}

int64_t rule_store_read_live(const struct rows *rows)
{
    return row_int64(rows, 0, 0);
}

enum status rule_store_live(struct tx *tx, int64_t *version_out, struct err *err)
{
    OWNED(rows) rows = NULL;
    enum status status = tx_query(tx, &LIVE, NULL, &rows, err);
    if (status == ST_OK) {
        *version_out = rule_store_read_live(rows);
    }
    return status;
}

static GPtrArray *texts_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)rule_text_free);
}

static GPtrArray *own_files(void)
{
    GPtrArray *files = texts_new();
    size_t count = 0;
    const struct embedded *embedded = rule_files(&count);
    for (size_t i = 0; i < count; i++) {
        g_ptr_array_add(files, rule_text_new(embedded[i].name, embedded[i].contents));
    }
    return files;
}

enum status rule_store_load(struct tx *tx, int64_t version, GPtrArray **files_out, struct err *err)
{
    OWNED(params) params = params_new();
    OWNED(rows) rows = NULL;
    if (version == 0) {
        *files_out = own_files();
        return ST_OK;
    }
    params_add_int64(params, version);
    enum status status = tx_query(tx, &FILES, params, &rows, err);
    if (status == ST_OK && rows_count(rows) == 0) {
        return err_set(err, ST_NOT_FOUND, "there is no version %" PRId64 " of the rules", version);
    }
    if (status != ST_OK) {
        return status;
    }
    GPtrArray *files = texts_new();
    for (int row = 0; row < rows_count(rows); row++) {
        if (!row_is_null(rows, row, 0)) { /* a version may have no files at all */
            g_ptr_array_add(files, rule_text_new(row_text(rows, row, 0), row_text(rows, row, 1)));
        }
    }
    *files_out = files;
    return ST_OK;
}

enum status rule_store_history(struct tx *tx, struct rows **rows_out, struct err *err)
{
    return tx_query(tx, &HISTORY, NULL, rows_out, err);
}

/* ---- a new version ----------------------------------------------------------------------------- */

static void queue_files(struct tx *tx, int64_t id, const GPtrArray *files)
{
    OWNED(params) params = params_new();
    g_autofree const char **names = g_new(const char *, files->len + 1);
    g_autofree const char **contents = g_new(const char *, files->len + 1);
    for (guint i = 0; i < files->len; i++) {
        const struct rule_text *file = g_ptr_array_index(files, i);
        names[i] = file->name;
        contents[i] = file->content;
    }
    params_add_int64(params, id);
    params_add_texts(params, names, files->len);
    params_add_texts(params, contents, files->len);
    tx_queue(tx, &ADD_FILES, params, NULL);
}

static void queue_version(struct tx *tx, int64_t id, const struct new_rule_version *version)
{
    OWNED(params) params = params_new();
    params_add_int64(params, id);
    params_add_text(params, version->made_by);
    params_add_text(params, version->why);
    if (version->restores < 0) {
        params_add_id(params, 0);
    } else {
        params_add_int64(params, version->restores);
    }
    tx_queue(tx, &RETIRE, NULL, NULL);
    tx_queue(tx, &ADD, params, NULL);
}

enum status rule_store_add(struct tx *tx, const struct new_rule_version *version, int64_t *id_out,
                           struct err *err)
{
    OWNED(rows) next = NULL;
    OWNED(rows) live = NULL;
    rule_store_queue_live(tx, &live);
    enum status status = tx_query(tx, &NEXT, NULL, &next, err);
    if (status != ST_OK) {
        return status;
    }
    int64_t id = row_int64(next, 0, 0);
    g_autofree char *name = g_strdup_printf("%" PRId64, id);
    g_autofree char *before = g_strdup_printf("%" PRId64, rule_store_read_live(live));
    struct logged_change change = {.actor = version->made_by,
                                   .object = "rules",
                                   .name = name,
                                   .what = version->restores < 0 ? "applied" : "rolled back",
                                   .field = "live",
                                   .old_value = before,
                                   .new_value = name};
    queue_version(tx, id, version);
    queue_files(tx, id, version->files);
    change_log_queue(tx, &change);
    status = tx_sync(tx, err);
    if (status == ST_OK) {
        *id_out = id;
    }
    return status;
}
