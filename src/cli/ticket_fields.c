/* ticket_fields - postdesk ticket set
 *
 *     change = FIELD "=" VALUE          ; an empty value empties the field
 *            | "tag" ( "+=" | "-=" ) TAG
 *     assignee also takes "round-robin:GROUP" and "least-loaded:GROUP"
 *
 * All changes of a call are made together or not at all, under the ticket's lock. They are made in the order given, but
 * for the status, which comes last: so the required fields may be filled by the same call that resolves the ticket.
 *
 * What a field takes is desk/field_value's to say; the change and its history are store/ticket_change's.
 * I/O: the database, stdout.
 */
#include "cli/ticket_fields.h"

#include <inttypes.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/ticket_set.h"
#include "core/limits.h"
#include "core/text.h"
#include "desk/field_value.h"
#include "desk/need.h"
#include "gateway/rule_act.h"
#include "store/customer.h"
#include "store/field.h"
#include "store/person.h"
#include "store/technician_group.h"
#include "store/ticket.h"
#include "store/ticket_change.h"
#include "store/ticket_set.h"

/* ---- names ---- */

enum status ticket_check_status(const struct rows *statuses, const char *word, struct err *err)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    for (const char *const *base = ticket_field_words(TICKET_FIELD_STATUS); *base != NULL; base++) {
        g_ptr_array_add(words, (gpointer)*base);
    }
    for (int row = 0; row < rows_count(statuses); row++) {
        g_ptr_array_add(words, (gpointer)row_text(statuses, row, 0));
    }
    for (guint i = 0; i < words->len; i++) {
        if (strcmp(words->pdata[i], word) == 0) {
            return ST_OK;
        }
    }
    (void)err_set(err, ST_INVALID, "\"%.80s\" is no status of a ticket", word);
    const char *nearest = text_nearest(word, (const char *const *)words->pdata, words->len);
    return nearest == NULL ? err_hint(err, "postdesk field show status")
                           : err_hint(err, "did you mean \"%s\"?", nearest);
}

static bool is_none(const char *word)
{
    return word[0] == '\0' || strcmp(word, "none") == 0;
}

static enum status find_person(struct tx *tx, const char *word, struct rows **rows_out,
                               struct err *err)
{
    g_autofree char *key = entry_key(word);

    return person_store_find(tx, key, rows_out, err);
}

typedef enum status (*finder)(struct tx *tx, const char *word, struct rows **rows_out,
                              struct err *err);

static enum status find_id(struct tx *tx, finder find, const char *word, int64_t *id_out,
                           struct err *err)
{
    OWNED(rows) rows = NULL;

    *id_out = 0;
    if (is_none(word)) {
        return ST_OK;
    }
    enum status status = find(tx, word, &rows, err);
    if (status == ST_OK) {
        *id_out = row_int64(rows, 0, 0);
    }
    return status;
}

enum status ticket_find_person(struct tx *tx, const char *word, int64_t *id_out, struct err *err)
{
    return find_id(tx, find_person, word, id_out, err);
}

enum status ticket_find_group(struct tx *tx, const char *word, int64_t *id_out, struct err *err)
{
    return find_id(tx, group_store_find, word, id_out, err);
}

enum status ticket_find_customer(struct tx *tx, const char *word, int64_t *id_out, struct err *err)
{
    return find_id(tx, customer_store_find, word, id_out, err);
}

/* ---- what was asked for ---- */

/* "FIELD=VALUE" */
struct wish {
    char *field;       /* own */
    const char *value; /* borrowed: from argv */
    enum { WISH_SET, WISH_ADD, WISH_REMOVE } how;
};

static void wish_free(struct wish *wish)
{
    g_free(wish->field);
    g_free(wish);
}

static bool is_wished(const GPtrArray *wishes, const char *field)
{
    for (guint i = 0; i < wishes->len; i++) {
        const struct wish *wish = wishes->pdata[i];
        if (wish->how == WISH_SET && strcmp(wish->field, field) == 0) {
            return true;
        }
    }
    return false;
}

static enum status read_wish(const char *word, GPtrArray *wishes, struct err *err)
{
    const char *equals = strchr(word, '=');
    size_t length = equals == NULL ? 0 : (size_t)(equals - word);
    bool is_added = length > 1 && word[length - 1] == '+';
    bool is_removed = length > 1 && word[length - 1] == '-';
    bool is_list = is_added || is_removed;

    if (length == 0) {
        (void)err_set(err, ST_INVALID, "\"%s\" changes nothing", word);
        return err_hint(err, "FIELD=VALUE, like priority=high or tag+=vip");
    }
    struct wish *wish = g_new0(struct wish, 1);
    wish->field = g_strndup(word, is_list ? length - 1 : length);
    wish->value = equals + 1;
    wish->how = is_added ? WISH_ADD : is_removed ? WISH_REMOVE : WISH_SET;
    bool is_twice = is_wished(wishes, wish->field);
    g_ptr_array_add(wishes, wish);
    if (is_twice) {
        return err_set(err, ST_INVALID, "\"%s\" is given twice", wish->field);
    }
    bool is_tag = strcmp(wish->field, ticket_field_name(TICKET_FIELD_TAG)) == 0;
    if (is_tag != is_list) {
        return is_tag ? err_set(err, ST_INVALID, "tags are added and removed: tag+=%s, tag-=%s",
                                wish->value, wish->value)
                      : err_set(err, ST_INVALID, "\"%s\" takes one value: %s=%s", wish->field,
                                wish->field, wish->value);
    }
    return ST_OK;
}

/* One call; the body may run again. */
struct request {
    ticket_id wanted;
    ticket_id ticket;
    const char *actor;     /* borrowed */
    GPtrArray *wishes;     /* own: struct wish */
    GArray *changes;       /* own: struct ticket_change */
    GPtrArray *texts;      /* own: char *, that changes borrow */
    GPtrArray *fields;     /* own: struct field_record */
    struct rows *statuses; /* own */
};

/* Takes the text. */
static void keep(struct request *request, char *text, struct ticket_change *change)
{
    g_ptr_array_add(request->texts, text);
    change->value = text;
}

/* "round-robin:Network": whom, will be seen when it is written. */
static enum status read_assignee(struct tx *tx, const char *word, struct ticket_change *change,
                                 struct err *err)
{
    static const struct {
        const char *prefix;
        enum ticket_pick pick;
    } PICKS[] = {{"round-robin:", TICKET_PICK_ROUND_ROBIN},
                 {"least-loaded:", TICKET_PICK_LEAST_LOADED}};

    for (size_t i = 0; i < G_N_ELEMENTS(PICKS); i++) {
        if (g_str_has_prefix(word, PICKS[i].prefix)) {
            change->pick = PICKS[i].pick;
            return ticket_find_group(tx, word + strlen(PICKS[i].prefix), &change->id, err);
        }
    }
    return ticket_find_person(tx, word, &change->id, err);
}

static enum status read_line(struct request *request, const char *what, const char *text,
                             struct ticket_change *change, struct err *err)
{
    g_autofree char *clean = text_scrub(text, -1);
    char *line = text_one_line(clean, LIMIT_SUBJECT_CHARS + 1);

    keep(request, line, change);
    if (text_chars(line) > LIMIT_SUBJECT_CHARS) {
        return err_set(err, ST_INVALID, "a %s has at most %d characters", what,
                       LIMIT_SUBJECT_CHARS);
    }
    return ST_OK;
}

/* Of both kinds of names the nearest. */
static enum status say_unknown(const struct request *request, const char *name, struct err *err)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (enum ticket_field field = 0; field < TICKET_FIELD_CUSTOM; field++) {
        g_ptr_array_add(names, (gpointer)ticket_field_name(field));
    }
    for (guint i = 0; i < request->fields->len; i++) {
        const struct field_record *field = request->fields->pdata[i];
        if (field->type != FIELD_BUILT_IN) {
            g_ptr_array_add(names, field->name);
        }
    }
    const char *nearest = text_nearest(name, (const char *const *)names->pdata, names->len);
    (void)err_set(err, ST_INVALID, "a ticket has no field \"%.80s\"", name);
    return nearest == NULL ? err_hint(err, "postdesk field list")
                           : err_hint(err, "did you mean \"%s\"?", nearest);
}

static enum status read_custom(struct request *request, const struct wish *wish,
                               struct ticket_change *change, struct err *err)
{
    const struct field_record *field = NULL;
    char *value = NULL;

    if (field_find(request->fields, wish->field, &field, err) != ST_OK) {
        return say_unknown(request, wish->field, err);
    }
    change->field = TICKET_FIELD_CUSTOM;
    change->name = field->name;
    if (wish->value[0] == '\0') {
        return ST_OK;
    }
    enum status status = field_value_read(field, wish->value, &value, err);
    if (status == ST_OK) {
        keep(request, value, change);
    }
    return status;
}

static enum status read_tag(struct request *request, const struct wish *wish,
                            struct ticket_change *change, struct err *err)
{
    char *tag = NULL;
    enum status status = field_tag_read(wish->value, &tag, err);

    if (status == ST_OK) {
        keep(request, tag, change);
        change->is_removed = wish->how == WISH_REMOVE;
    }
    return status;
}

static enum status read_built_in(struct tx *tx, struct request *request, const struct wish *wish,
                                 struct ticket_change *change, struct err *err)
{
    change->value = wish->value;
    switch (change->field) {
    case TICKET_FIELD_STATUS:
        return ticket_check_status(request->statuses, wish->value, err);
    case TICKET_FIELD_TYPE:
    case TICKET_FIELD_PRIORITY:
    case TICKET_FIELD_IMPACT:
        return field_word_check(change->field, wish->value, err);
    case TICKET_FIELD_PRODUCT:
    case TICKET_FIELD_TITLE:
        return read_line(request, ticket_field_name(change->field), wish->value, change, err);
    case TICKET_FIELD_TAG:
        return read_tag(request, wish, change, err);
    case TICKET_FIELD_GROUP:
        return ticket_find_group(tx, wish->value, &change->id, err);
    case TICKET_FIELD_ASSIGNEE:
        return read_assignee(tx, wish->value, change, err);
    case TICKET_FIELD_REQUESTER:
        return ticket_find_person(tx, wish->value, &change->id, err);
    case TICKET_FIELD_CUSTOMER:
        return ticket_find_customer(tx, wish->value, &change->id, err);
    case TICKET_FIELD_CUSTOM:
    case TICKET_FIELD_COUNT:
        break;
    }
    return ST_OK;
}

/* ---- in the transaction ---- */

/* What the desk has now; it is read again when the body runs again. */
static enum status read_desk(struct tx *tx, struct request *request, struct err *err)
{
    OWNED(rows) fields = NULL;
    int64_t lock = need_ticket_lock(request->ticket);

    g_clear_pointer(&request->statuses, rows_free);
    ticket_store_queue_locks(tx, &lock, 1);
    field_store_queue_list(tx, &fields);
    field_store_queue_statuses(tx, &request->statuses);
    enum status status = tx_sync(tx, err);
    if (status == ST_OK) {
        g_clear_pointer(&request->fields, g_ptr_array_unref);
        request->fields = field_store_read(fields);
    }
    return status;
}

static enum status add_change(struct tx *tx, struct request *request, const struct wish *wish,
                              struct err *err)
{
    struct ticket_change change = {.ticket = request->ticket, .actor = request->actor};
    struct err unknown = {.status = ST_OK};
    enum status status = ST_OK;

    if (ticket_field_parse(wish->field, &change.field, &unknown) == ST_OK) {
        status = read_built_in(tx, request, wish, &change, err);
    } else {
        status = read_custom(request, wish, &change, err);
    }
    if (status == ST_OK && change.field == TICKET_FIELD_STATUS) {
        g_array_append_val(request->changes, change);
    } else if (status == ST_OK) {
        g_array_prepend_val(request->changes, change);
    }
    return status;
}

static enum status set(struct tx *tx, void *arg, struct err *err)
{
    struct request *request = arg;

    request->ticket = request->wanted;
    g_array_set_size(request->changes, 0);
    enum status status = ticket_set_find(tx, &request->ticket, err);
    if (status == ST_OK) {
        status = read_desk(tx, request, err);
    }
    for (guint i = request->wishes->len; i > 0 && status == ST_OK; i--) {
        status = add_change(tx, request, request->wishes->pdata[i - 1], err);
    }
    if (status == ST_OK) {
        status = rule_act_change(tx,
                                 (const struct ticket_change *)(const void *)request->changes->data,
                                 request->changes->len, err);
    }
    return status;
}

static void request_init(struct request *request, const char *actor)
{
    *request = (struct request){
        .actor = actor,
        .wishes = g_ptr_array_new_with_free_func((GDestroyNotify)wish_free),
        .changes = g_array_new(FALSE, FALSE, sizeof(struct ticket_change)),
        .texts = g_ptr_array_new_with_free_func(g_free),
    };
}

static void request_done(struct request *request)
{
    g_ptr_array_unref(request->wishes);
    g_array_unref(request->changes);
    g_ptr_array_unref(request->texts);
    g_clear_pointer(&request->fields, g_ptr_array_unref);
    rows_free(request->statuses);
}

enum status ticket_run_set(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    struct request request;

    request_init(&request, actor);
    enum status status = ticket_read_number(args_word(args, 0), &request.wanted, err);
    for (size_t i = 1; i < args->words->len && status == ST_OK; i++) {
        status = read_wish(args_word(args, i), request.wishes, err);
    }
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, set, &request, err);
    }
    if (status == ST_OK) {
        g_autofree char *name = g_strdup_printf("%" PRId64, request.ticket);
        cli_changed(cli, "ticket", name);
    }
    request_done(&request);
    return status;
}
