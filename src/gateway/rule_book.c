/* rule_book - the live rules and notices of the desk, kept in a process
 *
 * Files of a version never change, so the number of the version that is live says whether what was compiled still
 * holds. The number comes with every batch; only another one costs a round trip and the work of compiling.
 *
 * When rules are applied they are checked against the names that the desk has: groups, people, fields. Later the desk may
 * lose one of them, and mail must go on. So here the names are asked for only where a rule cannot be understood
 * without: the types of custom fields. If even that fails, the rules are left out, loudly, and not the mail.
 * I/O: the caller's transaction, log.
 */
#include "gateway/rule_book.h"

#include <string.h>

#include "core/log.h"
#include "gateway/notice.h"
#include "gateway/notice_words.h"
#include "store/rule.h"
#include "store/rule_names.h"

struct rule_book {
    bool wants_rules;
    bool is_fixed;       /* it follows nobody */
    int64_t version;     /* -1: none yet */
    struct rules *rules; /* own: NULL */
    GPtrArray *files;    /* own: struct rule_text: what the rules and notices are made of; NULL */
};

struct rule_book *rule_book_new(bool wants_rules)
{
    struct rule_book *book = g_new(struct rule_book, 1);
    *book = (struct rule_book){.wants_rules = wants_rules, .version = -1};
    return book;
}

struct rule_book *rule_book_of(struct rules **rules)
{
    struct rule_book *book = rule_book_new(true);
    book->is_fixed = true;
    book->rules = g_steal_pointer(rules);
    return book;
}

void rule_book_free(struct rule_book *book)
{
    if (book) {
        g_clear_pointer(&book->rules, rules_free);
        g_clear_pointer(&book->files, g_ptr_array_unref);
        g_free(book);
    }
}

/* ---- names ------------------------------------------------------------------------------------- */

static GPtrArray *texts_of(const struct rows *rows)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    for (int row = 0; row < rows_count(rows); row++) {
        g_ptr_array_add(texts, g_strdup(row_text(rows, row, 0)));
    }
    return texts;
}

static void take(GPtrArray **place, GPtrArray *texts)
{
    g_clear_pointer(place, g_ptr_array_unref);
    *place = texts;
}

static void add_fields(struct rule_names *names, const struct rows *rows)
{
    for (int row = 0; row < rows_count(rows); row++) {
        const char *kind = row_text(rows, row, 1);
        struct rule_custom_field *field = g_new0(struct rule_custom_field, 1);
        field->name = g_strdup(row_text(rows, row, 0));
        field->type = strcmp(kind, "number") == 0 ? RULE_NUMBER
                      : strcmp(kind, "date") == 0 ? RULE_TIME
                                                  : RULE_TEXT;
        field->choices = strcmp(kind, "choice") == 0 ? row_texts(rows, row, 2) : NULL;
        g_ptr_array_add(names->fields, field);
    }
}

/* "notices/en/vpn-reset.txt" is the template "vpn-reset". */
static void add_templates(GPtrArray *names, const GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        const struct rule_text *file = g_ptr_array_index(files, i);
        if (rule_text_is_notice(file->name)) {
            const char *base = strrchr(file->name, '/') + 1;
            g_autofree char *name = g_strndup(base, strlen(base) - strlen(".txt"));
            if (notice_can_answer(name) &&
                !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL)) {
                g_ptr_array_add(names, g_steal_pointer(&name));
            }
        }
    }
}

enum status rule_book_names(struct tx *tx, const GPtrArray *files, struct rule_names **names_out,
                            struct err *err)
{
    CLEANUP(rule_name_rows_clear) struct rule_name_rows rows = {0};
    rule_names_store_queue(tx, &rows);
    enum status status = tx_sync(tx, err);
    if (status != ST_OK) {
        return status;
    }
    struct rule_names *names = rule_names_new();
    take(&names->groups, texts_of(rows.groups));
    take(&names->people, texts_of(rows.people));
    take(&names->statuses, texts_of(rows.statuses));
    take(&names->notices, notice_answers());
    add_fields(names, rows.fields);
    add_templates(names->notices, files);
    *names_out = names;
    return ST_OK;
}

/* ---- compiling --------------------------------------------------------------------------------- */

struct rules *rule_book_compile(const GPtrArray *files, const struct rule_names *names,
                                GPtrArray *errors)
{
    g_autofree struct rule_file *sources = g_new(struct rule_file, files->len + 1);
    size_t count = 0;
    for (guint i = 0; i < files->len; i++) {
        const struct rule_text *file = g_ptr_array_index(files, i);
        if (!rule_text_is_notice(file->name)) {
            sources[count++] = (struct rule_file){file->name, file->content, strlen(file->content)};
        }
    }
    return rules_compile(sources, count, names, errors);
}

enum status rule_book_check(struct tx *tx, const GPtrArray *files, struct rules **rules_out,
                            GPtrArray *errors, struct err *err)
{
    OWNED(rule_names) names = NULL;
    enum status status = rule_book_names(tx, files, &names, err);
    if (status != ST_OK) {
        return status;
    }
    OWNED(rules) rules = rule_book_compile(files, names, errors);
    for (guint i = 0; i < files->len; i++) {
        const struct rule_text *file = g_ptr_array_index(files, i);
        struct err wrong = {.status = ST_OK};
        if (rule_text_is_notice(file->name) &&
            notice_words_check(file->name, file->content, &wrong) != ST_OK) {
            g_ptr_array_add(errors, g_strdup(wrong.text));
        }
    }
    *rules_out = errors->len == 0 ? g_steal_pointer(&rules) : NULL;
    return ST_OK;
}

/* Only the types of fields are needed to understand rules that were checked when they were applied. */
static void forget_names(struct rule_names *names)
{
    g_clear_pointer(&names->statuses, g_ptr_array_unref);
    g_clear_pointer(&names->groups, g_ptr_array_unref);
    g_clear_pointer(&names->people, g_ptr_array_unref);
    g_clear_pointer(&names->notices, g_ptr_array_unref);
}

static enum status compile(struct rule_book *book, struct tx *tx, int64_t version,
                           const GPtrArray *files, struct err *err)
{
    OWNED(rule_names) names = NULL;
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    enum status status = rule_book_names(tx, files, &names, err);
    if (status != ST_OK) {
        return status;
    }
    forget_names(names);
    g_clear_pointer(&book->rules, rules_free);
    book->rules = rule_book_compile(files, names, errors);
    if (!book->rules) {
        const char *first = errors->len > 0 ? g_ptr_array_index(errors, 0) : "";
        log_error("rules.broken", kv("version", version), kv("error", first),
                  kv("count", errors->len));
    }
    return ST_OK;
}

enum status rule_book_update(struct rule_book *book, struct tx *tx, int64_t version,
                             struct err *err)
{
    g_autoptr(GPtrArray) files = NULL;
    if (book->is_fixed || book->version == version) {
        return ST_OK;
    }
    enum status status = rule_store_load(tx, version, &files, err);
    if (status == ST_OK && book->wants_rules) {
        status = compile(book, tx, version, files, err);
    }
    if (status == ST_OK) {
        g_clear_pointer(&book->files, g_ptr_array_unref);
        book->files = g_steal_pointer(&files);
        book->version = version;
    }
    return status;
}

int64_t rule_book_version(const struct rule_book *book)
{
    return book->version;
}

const struct rules *rule_book_rules(const struct rule_book *book)
{
    return book->rules;
}

const char *rule_book_notice(const struct rule_book *book, const char *name)
{
    for (guint i = 0; book->files && i < book->files->len; i++) {
        const struct rule_text *file = g_ptr_array_index(book->files, i);
        if (strcmp(file->name, name) == 0) {
            return file->content;
        }
    }
    return NULL;
}
