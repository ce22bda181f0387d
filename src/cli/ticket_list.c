/* ticket_list - postdesk ticket list, log
 *
 * One line a ticket: number, priority, status, whose it is, how old it is, its title and what was said last. Without a
 * status it lists what there is to do: all that is not closed. Filters name people, groups and customers as ticket set
 * does, and refuse words that no ticket can have, so that an empty list means that there is none.
 *
 * For programs the rows have all fields; those of the desk's own stand in the object "fields".
 * I/O: the database, stdout.
 */
#include "cli/ticket_list.h"

#include <stdio.h>
#include <string.h>

#include "cli/ticket_fields.h"
#include "cli/ticket_set.h"
#include "core/limits.h"
#include "core/text.h"
#include "desk/field_value.h"
#include "store/field.h"
#include "store/ticket_list.h"

enum { DEFAULT_ROWS = 50 };

static const struct field COLUMNS[] = {
    {"id", NULL, FIELD_NUMBER, false},
    {"subject", NULL, FIELD_TEXT, false},
    {"status", "Status", FIELD_TEXT, false},
    {"maps_to", NULL, FIELD_TEXT, false},
    {"type", "Type", FIELD_TEXT, false},
    {"priority", "Priority", FIELD_TEXT, false},
    {"impact", "Impact", FIELD_TEXT, false},
    {"product", "Product", FIELD_TEXT, false},
    {"tags", "Tags", FIELD_TEXTS, false},
    {"group", "Group", FIELD_TEXT, false},
    {"customer", "Customer", FIELD_TEXT, false},
    {"requester", "Requester", FIELD_TEXT, false},
    {"requester_address", "Address", FIELD_TEXT, false},
    {"assignee", "Assignee", FIELD_TEXT, false},
    {"mailbox", "Mailbox", FIELD_TEXT, false},
    {"activity_status", "Activity", FIELD_TEXT, false},
    {"source", "Source", FIELD_TEXT, false},
    {"fields", NULL, FIELD_TEXT, false},
    {"comments", NULL, FIELD_NUMBER, false},
    {"opened_by", "Opened by mail", FIELD_NUMBER, false},
    {"merged_into", NULL, FIELD_NUMBER, false},
    {"created_at", "Opened", FIELD_TIME, false},
    {"updated_at", "Updated", FIELD_TIME, false},
    {"closed_at", "Closed", FIELD_TIME, false},
    {"contact_word_at", "Contact's word", FIELD_TIME, false},
    {"technician_word_at", "Technician's word", FIELD_TIME, false},
    {"newest_comment", NULL, FIELD_TEXT, false},
};

/* What people see of it; "age" is made here. */
static const struct field SUMMARY[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"priority", "PRIORITY", FIELD_TEXT, false},
    {"status", "STATUS", FIELD_TEXT, false},
    {"requester", "REQUESTER", FIELD_TEXT, true},
    {"assignee", "ASSIGNEE", FIELD_TEXT, true},
    {"age", "AGE", FIELD_TEXT, false},
    {"subject", "TITLE", FIELD_TEXT, true},
    {"newest_comment", "NEWEST COMMENT", FIELD_TEXT, true},
};

const struct field TICKET_ACTIVITIES[TICKET_ACTIVITY_COLUMNS] = {
    {"at", "WHEN", FIELD_TIME, false},       {"what", "WHAT", FIELD_TEXT, true},
    {"from", "FROM", FIELD_TEXT, true},      {"to", "TO", FIELD_TEXT, true},
    {"who", "WHO", FIELD_TEXT, true},        {"mail", "MAIL", FIELD_NUMBER, false},
    {"outbound", NULL, FIELD_NUMBER, false}, {"rule", "RULE", FIELD_TEXT, true},
};

/* ---- a ticket ---- */

json_t *ticket_object(const struct rows *rows, int row)
{
    json_t *object = view_row(rows, row, COLUMNS, G_N_ELEMENTS(COLUMNS));
    const char *fields = json_string_value(json_object_get(object, "fields"));
    json_t *own = fields == NULL ? NULL : json_loads(fields, 0, NULL);

    json_object_set_new(object, "fields", own == NULL ? json_object() : own);
    return object;
}

void ticket_print_card(const json_t *ticket)
{
    const char *name = NULL;
    json_t *value = NULL;

    view_print_card(ticket, COLUMNS, G_N_ELEMENTS(COLUMNS));
    json_object_foreach(json_object_get(ticket, "fields"), name, value)
    {
        g_autofree char *text = view_text(value, FIELD_TEXT);
        printf("%s: %s\n", name, text);
    }
}

char *ticket_age(const json_t *when)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } UNITS[] = {{86400, "d"}, {3600, "h"}, {60, "min"}};
    g_autoptr(GDateTime) then = g_date_time_new_from_iso8601(json_string_value(when), NULL);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    int64_t seconds = then == NULL ? 0 : g_date_time_difference(now, then) / G_TIME_SPAN_SECOND;

    for (size_t i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        /* Up to two of a unit the smaller one says more. */
        if (seconds >= 2 * UNITS[i].seconds || i + 1 == G_N_ELEMENTS(UNITS)) {
            return g_strdup_printf("%" G_GINT64_FORMAT " %s", MAX(seconds, 0) / UNITS[i].seconds,
                                   UNITS[i].unit);
        }
    }
    return g_strdup("");
}

/* ---- list ---- */

/* What the options say; the filter borrows from it and from argv. */
struct wanted {
    struct ticket_filter filter;
    GPtrArray *tags;   /* own: own char * */
    GPtrArray *names;  /* own: own char * */
    GPtrArray *values; /* own: own char * */
    GPtrArray *empty;  /* own: own char * */
};

static void wanted_init(struct wanted *wanted)
{
    *wanted = (struct wanted){.tags = g_ptr_array_new_with_free_func(g_free),
                              .names = g_ptr_array_new_with_free_func(g_free),
                              .values = g_ptr_array_new_with_free_func(g_free),
                              .empty = g_ptr_array_new_with_free_func(g_free)};
    wanted->filter = (struct ticket_filter){.tags = wanted->tags,
                                            .names = wanted->names,
                                            .values = wanted->values,
                                            .empty = wanted->empty,
                                            .limit = DEFAULT_ROWS};
}

static void wanted_done(struct wanted *wanted)
{
    g_ptr_array_unref(wanted->tags);
    g_ptr_array_unref(wanted->names);
    g_ptr_array_unref(wanted->values);
    g_ptr_array_unref(wanted->empty);
}

/* One of some words, if the option is there. */
static enum status read_word(const struct args *args, const char *option, const char *const *words,
                             const char **word_out, struct err *err)
{
    const char *value = args_value(args, option);

    *word_out = value;
    if (value == NULL || g_strv_contains(words, value)) {
        return ST_OK;
    }
    g_autofree char *all = g_strjoinv(", ", (char **)words);
    (void)err_set(err, ST_INVALID, "--%s takes %s, not \"%.80s\"", option, all, value);
    const char *nearest = text_nearest(value, words, g_strv_length((char **)words));
    return nearest == NULL ? ST_INVALID : err_hint(err, "did you mean \"%s\"?", nearest);
}

static enum status read_words(const struct args *args, struct ticket_filter *filter,
                              struct err *err)
{
    static const char *const ACTIVITIES[] = {"unread", "read", "awaiting-contact",
                                             "awaiting-technician", NULL};
    static const char *const SOURCES[] = {"mail", "cli", NULL};
    const struct {
        const char *option;
        const char *const *words;
        const char **word;
    } options[] = {
        {"type", ticket_field_words(TICKET_FIELD_TYPE), &filter->type},
        {"priority", ticket_field_words(TICKET_FIELD_PRIORITY), &filter->priority},
        {"impact", ticket_field_words(TICKET_FIELD_IMPACT), &filter->impact},
        {"activity", ACTIVITIES, &filter->activity_status},
        {"source", SOURCES, &filter->source},
        {"sort", ticket_list_sorts(), &filter->sort},
    };
    enum status status = ST_OK;

    for (size_t i = 0; i < G_N_ELEMENTS(options) && status == ST_OK; i++) {
        status = read_word(args, options[i].option, options[i].words, options[i].word, err);
    }
    return status;
}

static enum status read_age(const struct args *args, const char *option, int64_t *us_out,
                            struct err *err)
{
    const char *value = args_value(args, option);

    if (value == NULL) {
        return ST_OK;
    }
    enum status status = text_parse_duration(value, us_out, err);
    return status == ST_OK ? ST_OK : err_wrap(err, "--%s", option);
}

static enum status read_tags(const struct args *args, GPtrArray *tags, struct err *err)
{
    g_autoptr(GPtrArray) values = args_values(args, "tag");
    enum status status = ST_OK;

    for (guint i = 0; i < values->len && status == ST_OK; i++) {
        char *tag = NULL;
        status = field_tag_read(values->pdata[i], &tag, err);
        if (status == ST_OK) {
            g_ptr_array_add(tags, tag);
        }
    }
    return status;
}

/* What can be read without the database. */
static enum status read_options(const struct args *args, struct wanted *wanted, struct err *err)
{
    struct ticket_filter *filter = &wanted->filter;
    const char *limit = args_value(args, "limit");

    filter->product = args_value(args, "product");
    filter->title = args_value(args, "title");
    enum status status = read_words(args, filter, err);
    if (status == ST_OK) {
        status = read_age(args, "older", &filter->older_us, err);
    }
    if (status == ST_OK) {
        status = read_age(args, "newer", &filter->newer_us, err);
    }
    if (status == ST_OK) {
        status = read_tags(args, wanted->tags, err);
    }
    return status != ST_OK || limit == NULL
               ? status
               : text_parse_int64(limit, 1, LIMIT_LIST_ROWS, &filter->limit, err);
}

static enum status read_status(struct tx *tx, const struct args *args, struct ticket_filter *filter,
                               struct err *err)
{
    OWNED(rows) statuses = NULL;
    const char *word = args_value(args, "status");

    filter->has_closed = g_strcmp0(word, "all") == 0;
    if (word == NULL || filter->has_closed) {
        return ST_OK;
    }
    filter->status = word;
    field_store_queue_statuses(tx, &statuses);
    enum status status = tx_sync(tx, err);
    return status == ST_OK ? ticket_check_status(statuses, word, err) : status;
}

typedef enum status (*finder)(struct tx *tx, const char *word, int64_t *id_out, struct err *err);

static enum status read_ids(struct tx *tx, const struct args *args, struct ticket_filter *filter,
                            struct err *err)
{
    const struct {
        const char *option;
        finder find;
        struct filter_id *wanted;
    } options[] = {{"assignee", ticket_find_person, &filter->assignee},
                   {"requester", ticket_find_person, &filter->requester},
                   {"group", ticket_find_group, &filter->group},
                   {"customer", ticket_find_customer, &filter->customer}};
    enum status status = ST_OK;

    for (size_t i = 0; i < G_N_ELEMENTS(options) && status == ST_OK; i++) {
        const char *word = args_value(args, options[i].option);
        if (word != NULL) {
            status = options[i].find(tx, word, &options[i].wanted->id, err);
            options[i].wanted->which = options[i].wanted->id == 0 ? NO_ID : THIS_ID;
        }
    }
    if (args_has(args, "unassigned")) {
        filter->assignee = (struct filter_id){.which = NO_ID};
    }
    return status;
}

/* "NAME=VALUE" */
static enum status read_field(const GPtrArray *fields, const char *text, struct wanted *wanted,
                              struct err *err)
{
    const char *equals = strchr(text, '=');
    const struct field_record *field = NULL;
    char *value = NULL;

    if (equals == NULL) {
        return err_set(err, ST_INVALID, "--field takes NAME=VALUE, not \"%.80s\"", text);
    }
    g_autofree char *name = g_strndup(text, (size_t)(equals - text));
    enum status status = field_find(fields, name, &field, err);
    if (status != ST_OK) {
        return status;
    }
    if (equals[1] == '\0') {
        g_ptr_array_add(wanted->empty, g_steal_pointer(&name));
        return ST_OK;
    }
    status = field_value_read(field, equals + 1, &value, err);
    if (status == ST_OK) {
        g_ptr_array_add(wanted->names, g_steal_pointer(&name));
        g_ptr_array_add(wanted->values, value);
    }
    return status;
}

static enum status read_fields(struct tx *tx, const struct args *args, struct wanted *wanted,
                               struct err *err)
{
    OWNED(rows) rows = NULL;
    g_autoptr(GPtrArray) values = args_values(args, "field");

    if (values->len == 0) {
        return ST_OK;
    }
    enum status status = field_store_list(tx, &rows, err);
    if (status != ST_OK) {
        return status;
    }
    g_autoptr(GPtrArray) fields = field_store_read(rows);
    for (guint i = 0; i < values->len && status == ST_OK; i++) {
        status = read_field(fields, values->pdata[i], wanted, err);
    }
    return status;
}

static void print_list(const struct cli *cli, const struct rows *rows)
{
    json_t *array = json_array();

    for (int row = 0; row < rows_count(rows); row++) {
        json_t *ticket = ticket_object(rows, row);
        if (!cli->is_json) {
            g_autofree char *age = ticket_age(json_object_get(ticket, "created_at"));
            json_object_set_new(ticket, "age", json_string(age));
        }
        json_array_append_new(array, ticket);
    }
    view_print(cli, array, SUMMARY, G_N_ELEMENTS(SUMMARY));
}

static enum status find(struct cli *cli, const struct args *args, struct wanted *wanted,
                        struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = read_status(tx, args, &wanted->filter, err);
    }
    if (status == ST_OK) {
        status = read_ids(tx, args, &wanted->filter, err);
    }
    if (status == ST_OK) {
        status = read_fields(tx, args, wanted, err);
    }
    if (status == ST_OK) {
        status = ticket_list_find(tx, &wanted->filter, &rows, err);
    }
    if (status == ST_OK) {
        print_list(cli, rows);
    }
    return status;
}

enum status ticket_run_list(struct cli *cli, const struct args *args, struct err *err)
{
    struct wanted wanted;

    wanted_init(&wanted);
    enum status status = read_options(args, &wanted, err);
    if (status == ST_OK) {
        status = find(cli, args, &wanted, err);
    }
    wanted_done(&wanted);
    return status;
}

const struct flag TICKET_LIST_FLAGS[] = {
    {"status", "STATUS|all", "only those of this status; without it all that are not closed", false,
     false},
    {"priority", "PRIORITY", "low, medium, high or critical", false, false},
    {"type", "TYPE", "incident, problem, request or change", false, false},
    {"impact", "IMPACT", "minor, moderate, major or extensive", false, false},
    {"product", "TEXT", "of this product", false, false},
    {"group", "NAME|ID|none", "of this group", false, false},
    {"assignee", "ADDRESS|ID|none", "of this technician, or of nobody", false, false},
    {"unassigned", NULL, "of nobody", false, false},
    {"requester", "ADDRESS|ID", "of this requester", false, false},
    {"customer", "NAME|ID|none", "of this customer", false, false},
    {"tag", "TAG", "with this tag; of several all", false, true},
    {"field", "NAME=VALUE", "with this value in a field of the desk's own", false, true},
    {"title", "TEXT", "with this in the title", false, false},
    {"activity", "WORD", "unread, read, awaiting-contact or awaiting-technician", false, false},
    {"source", "WORD", "opened by mail or cli", false, false},
    {"older", "DURATION", "opened longer ago: 2h, 30d", false, false},
    {"newer", "DURATION", "opened less long ago", false, false},
    {"sort", "ORDER", "newest, oldest, updated, priority, or waiting: who waits longest for us",
     false, false},
    {"limit", "N", "at most so many (50)", false, false},
    {NULL, NULL, NULL, false, false},
};

/* ---- log ---- */

enum status ticket_run_log(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    int64_t number = 0;

    enum status status = ticket_read_number(args_word(args, 0), &number, err);
    if (status == ST_OK) {
        status = cli_read(cli, &tx, err);
    }
    if (status == ST_OK) {
        status = ticket_list_log(tx, number, &rows, err);
    }
    if (status == ST_OK) {
        view_table(cli, rows, TICKET_ACTIVITIES, TICKET_ACTIVITY_COLUMNS);
    }
    return status;
}
