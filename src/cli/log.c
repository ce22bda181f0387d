/* log - postdesk log: who changed what
 *
 * What was changed by the command line (or by a technician's mail) and is no ticket's history: customers, people,
 * groups, mailboxes, settings, fields, keys. A ticket's history stands in `postdesk ticket show`.
 *
 * An object is named as in the commands, "customer:Acme", "contact:anna@acme.example", or by its number. What
 * is gone is found by its number only, which the log itself shows.
 * I/O: the database, stdout.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/view.h"
#include "core/limits.h"
#include "core/text.h"
#include "store/account.h"
#include "store/change_log.h"
#include "store/customer.h"
#include "store/person.h"
#include "store/technician_group.h"

enum { DEFAULT_ROWS = 100 };

static const struct field FIELDS[] = {
    {"id", "ENTRY", FIELD_NUMBER, false},    {"at", "WHEN", FIELD_TIME, false},
    {"actor", "WHO", FIELD_TEXT, false},     {"role", "ROLE", FIELD_TEXT, false},
    {"object", "OBJECT", FIELD_TEXT, false}, {"object_id", "ID", FIELD_TEXT, false},
    {"name", "NAME", FIELD_TEXT, true},      {"what", "WHAT", FIELD_TEXT, false},
    {"field", "FIELD", FIELD_TEXT, false},   {"old", "OLD", FIELD_TEXT, true},
    {"new", "NEW", FIELD_TEXT, true},
};

typedef enum status (*finder)(struct tx *tx, const char *name_or_id, struct rows **rows_out,
                              struct err *err);

/* Objects that have numbers; the others are found by what they are called. */
static const struct {
    const char *object;
    finder find;
} NUMBERED[] = {
    {"customer", customer_store_find}, {"contact", person_store_find},
    {"technician", person_store_find}, {"person", person_store_find},
    {"mailbox", account_store_find},   {"group", group_store_find},
};

/* The number of what is called so; the word itself where nothing is (any more). Own. */
static enum status find_id(struct tx *tx, const char *object, const char *word, char **id_out,
                           struct err *err)
{
    g_autofree char *key = entry_key(word);

    *id_out = g_strdup(word);
    for (size_t i = 0; i < G_N_ELEMENTS(NUMBERED); i++) {
        OWNED(rows) rows = NULL;
        if (strcmp(NUMBERED[i].object, object) != 0) {
            continue;
        }
        enum status status = NUMBERED[i].find(tx, key, &rows, err);
        if (status == ST_OK) {
            g_free(*id_out);
            *id_out = g_strdup_printf("%" PRId64, row_int64(rows, 0, 0));
        }
        bool is_number = word[strspn(word, "0123456789")] == '\0';
        return status == ST_NOT_FOUND && is_number ? ST_OK : status;
    }
    return ST_OK;
}

static enum status read_since(const char *word, int64_t *seconds_out, struct err *err)
{
    static const struct {
        char unit;
        int64_t seconds;
    } UNITS[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    size_t length = strlen(word);
    int64_t count = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(UNITS) && length > 1; i++) {
        g_autofree char *digits = g_strndup(word, length - 1);
        if (word[length - 1] == UNITS[i].unit &&
            text_parse_int64(digits, 1, INT32_MAX, &count, err) == ST_OK) {
            *seconds_out = count * UNITS[i].seconds;
            return ST_OK;
        }
    }
    (void)err_set(err, ST_INVALID, "\"%s\" is no time span", word);
    return err_hint(err, "a number with m, h, d or w: --since 7d");
}

static enum status read_filter(const struct args *args, struct change_filter *filter, char **object,
                               char **word, struct err *err)
{
    const char *wanted = args_value(args, "object");
    const char *since = args_value(args, "since");
    const char *limit = args_value(args, "limit");
    const char *import = args_value(args, "import");
    enum status status = ST_OK;

    filter->limit = DEFAULT_ROWS;
    if (wanted != NULL) {
        const char *colon = strchr(wanted, ':');
        *object = colon == NULL ? g_strdup(wanted) : g_strndup(wanted, (gsize)(colon - wanted));
        *word = colon == NULL ? NULL : g_strdup(colon + 1);
        filter->object = *object;
    }
    if (since != NULL) {
        status = read_since(since, &filter->seconds, err);
    }
    if (status == ST_OK && limit != NULL) {
        status = text_parse_int64(limit, 1, LIMIT_LIST_ROWS, &filter->limit, err);
    }
    if (status == ST_OK && import != NULL) {
        status = text_parse_int64(import, 1, INT64_MAX, &filter->import, err);
    }
    return status;
}

static enum status run_log(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    g_autofree char *object = NULL;
    g_autofree char *word = NULL;
    g_autofree char *id = NULL;
    struct change_filter filter = {NULL};

    enum status status = read_filter(args, &filter, &object, &word, err);
    if (status == ST_OK) {
        status = cli_read(cli, &tx, err);
    }
    if (status == ST_OK && word != NULL) {
        status = find_id(tx, object, word, &id, err);
        filter.id = id;
    }
    if (status == ST_OK) {
        status = change_log_list(tx, &filter, &rows, err);
    }
    if (status == ST_OK) {
        view_table(cli, rows, FIELDS, G_N_ELEMENTS(FIELDS));
    }
    return status;
}

static const struct flag FLAGS[] = {
    {"object", "KIND[:NAME|ID]",
     "only changes of customers, or of one: customer:Acme, contact:anna@acme.example, setting:NAME",
     false, false},
    {"since", "SPAN", "only those of the last 7d, 12h, 30m", false, false},
    {"limit", "N", "the newest so many (100)", false, false},
    {"import", "N", "what the import changed whose line has this number", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.is_long = true,
     .words = "",
     .help = "list who changed what, oldest first",
     .more =
         "WHO is the user of the host, ROLE the login of the database. What happens to a ticket\n"
         "is its own history: postdesk ticket show. An import is one line, with its number in the column\n"
         "ENTRY; what it changed is shown with --import, and with --object customer:NAME.",
     .flags = FLAGS,
     .run = run_log},
    {.run = NULL},
};

const struct noun NOUN_LOG = {"log", "who changed customers, people, mailboxes, settings, keys",
                              VERBS};
