/* field - postdesk field add, list, show, set, remove, status
 *
 * Which fields a ticket has beside the built-in ones, what they take, what contacts see of them, and which must be
 * filled before a ticket is resolved; and the statuses of the desk's own, which are values of a field too.
 * I/O: the database, stdout.
 */
#include "store/field.h"

#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/view.h"
#include "core/limits.h"
#include "core/text.h"
#include "desk/records.h"

static const struct field FIELDS[] = {
    {"name", "FIELD", FIELD_TEXT, false},        {"type", "TYPE", FIELD_TEXT, false},
    {"choices", "CHOICES", FIELD_TEXTS, true},   {"is_required", "REQUIRED", FIELD_BOOL, false},
    {"contacts", "CONTACTS", FIELD_TEXT, false},
};

static const struct field CARD[] = {
    {"name", "Field", FIELD_TEXT, false},
    {"type", "Type", FIELD_TEXT, false},
    {"choices", "Choices", FIELD_TEXTS, false},
    {"is_required", "Required", FIELD_BOOL, false},
    {"contacts", "Contacts", FIELD_TEXT, false},
    {"tickets", "Tickets with a value", FIELD_NUMBER, false},
};

static const struct field STATUS_FIELDS[] = {
    {"name", "STATUS", FIELD_TEXT, false},
    {"maps_to", "MAPS TO", FIELD_TEXT, false},
    {"tickets", "TICKETS", FIELD_NUMBER, false},
};

/* ---- list, show ---- */

static enum status run_list(struct cli *cli, const struct args *args, struct err *err)
{
    (void)args;
    return view_list(cli, field_store_list, FIELDS, G_N_ELEMENTS(FIELDS), err);
}

/* The words of a built-in field are its choices. */
static void add_words(json_t *object, const char *name)
{
    struct err ignored = {.status = ST_OK};
    enum ticket_field field = TICKET_FIELD_COUNT;
    json_t *choices = json_object_get(object, "choices");

    if (ticket_field_parse(name, &field, &ignored) != ST_OK) {
        return;
    }
    for (const char *const *word = ticket_field_words(field); word != NULL && *word != NULL;
         word++) {
        json_array_append_new(choices, json_string(*word));
    }
}

static void print_field(const struct cli *cli, const struct rows *rows, const struct rows *statuses)
{
    json_t *object = view_row(rows, 0, CARD, G_N_ELEMENTS(CARD));
    json_t *list = NULL;

    add_words(object, row_text(rows, 0, 0));
    if (statuses != NULL) {
        list = view_rows(statuses, STATUS_FIELDS, G_N_ELEMENTS(STATUS_FIELDS));
        json_object_set(object, "statuses", list);
    }
    if (cli->is_json) {
        view_print_json(object);
    } else {
        view_print_card(object, CARD, G_N_ELEMENTS(CARD));
        if (json_array_size(list) > 0) {
            putchar('\n');
            view_print_table(list, STATUS_FIELDS, G_N_ELEMENTS(STATUS_FIELDS));
        }
    }
    json_decref(list);
    json_decref(object);
}

static enum status run_show(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    OWNED(rows) rows = NULL;
    OWNED(rows) statuses = NULL;
    const char *name = args_word(args, 0);

    enum status status = cli_read(cli, &tx, err);
    if (status == ST_OK) {
        status = field_store_find(tx, name, &rows, err);
    }
    if (status == ST_OK && strcmp(name, "status") == 0) {
        status = field_store_statuses(tx, &statuses, err);
    }
    if (status == ST_OK) {
        print_field(cli, rows, statuses);
    }
    return status;
}

/* ---- what was said ---- */

/* One call; the body may run again. */
struct call {
    const char *actor;          /* borrowed */
    const char *name;           /* borrowed */
    struct field_record *field; /* own: of add; also holds what set is given */
    struct field_change change;
    bool is_required;
    bool with_values;
    bool is_added;       /* of a status */
    const char *maps_to; /* borrowed: of a status */
};

static enum status check_visibility(const char *word, struct err *err)
{
    static const char *const WORDS[] = {"hidden", "shown", "editable"};

    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        if (strcmp(WORDS[i], word) == 0) {
            return ST_OK;
        }
    }
    return err_set(err, ST_INVALID, "--contacts takes hidden, shown or editable, not \"%s\"", word);
}

static bool has_choice(const GPtrArray *choices, const char *choice)
{
    for (guint i = 0; i < choices->len; i++) {
        if (strcmp(choices->pdata[i], choice) == 0) {
            return true;
        }
    }
    return false;
}

/* "north, south": what a choice can be. */
static enum status read_choices(const char *text, GPtrArray *choices, struct err *err)
{
    g_autofree char *clean = text_scrub(text, -1);
    g_auto(GStrv) list = g_strsplit(clean, ",", -1);

    for (size_t i = 0; list[i] != NULL; i++) {
        char *choice = text_one_line(list[i], LIMIT_FIELD_CHARS);
        bool is_twice = has_choice(choices, choice);
        g_ptr_array_add(choices, choice);
        if (choice[0] == '\0' || is_twice) {
            return err_set(err, ST_INVALID,
                           "--choices takes different words with commas between them, not \"%s\"",
                           text);
        }
    }
    return choices->len > 0 ? ST_OK : err_set(err, ST_INVALID, "--choices takes at least one word");
}

/* The options that add and set have in common. */
static enum status read_options(const struct args *args, struct call *call, struct err *err)
{
    const char *contacts = args_value(args, "contacts");
    const char *choices = args_value(args, "choices");
    const char *required = args_value(args, "required");
    enum status status = ST_OK;

    if (contacts != NULL) {
        status = check_visibility(contacts, err);
        g_free(call->field->contacts);
        call->field->contacts = g_strdup(contacts);
        call->change.contacts = contacts;
    }
    if (status == ST_OK && choices != NULL) {
        status = read_choices(choices, call->field->choices, err);
        call->change.choices = call->field->choices;
    }
    if (status == ST_OK && required != NULL) {
        status = entry_yes_no("required", required, &call->is_required, err);
        call->field->is_required = call->is_required;
        call->change.is_required = &call->is_required;
    }
    return status;
}

static enum status run_change(struct cli *cli, tx_body body, struct call *call, struct err *err)
{
    g_autofree char *actor = cli_actor();

    call->actor = actor;
    enum status status = cli_connect(cli, err);
    if (status == ST_OK) {
        status = tx_run(cli->conn, body, call, err);
    }
    if (status == ST_OK) {
        cli_changed(cli, "field", call->name);
    }
    call->actor = NULL;
    return status;
}

/* ---- add, set, remove ---- */

static enum status add(struct tx *tx, void *arg, struct err *err)
{
    const struct call *call = arg;
    return field_store_add(tx, call->actor, call->field, err);
}

/* Words that the command line and the rules use for something else. */
static enum status check_name(const char *name, struct err *err)
{
    static const char *const TAKEN[] = {"tag", "assignee", "field", "activity", "source"};

    for (size_t i = 0; i < G_N_ELEMENTS(TAKEN); i++) {
        if (strcmp(name, TAKEN[i]) == 0) {
            return err_set(err, ST_INVALID, "\"%s\" cannot be the name of a field", name);
        }
    }
    return field_name_check(name, err);
}

static enum status read_added(const struct args *args, struct call *call, struct err *err)
{
    enum status status = check_name(call->name, err);

    if (status == ST_OK) {
        status = field_type_parse(args_value(args, "type"), &call->field->type, err);
    }
    if (status == ST_OK && call->field->type == FIELD_BUILT_IN) {
        return err_set(err, ST_INVALID, "--type takes text, choice, number or date");
    }
    if (status == ST_OK) {
        status = read_options(args, call, err);
    }
    bool has_choices = call->field->choices->len > 0;
    if (status == ST_OK && has_choices != (call->field->type == FIELD_OF_CHOICE)) {
        return err_set(err, ST_INVALID,
                       has_choices ? "only a field of type choice has choices"
                                   : "a field of type choice needs --choices A,B");
    }
    return status;
}

static enum status run_add(struct cli *cli, const struct args *args, struct err *err)
{
    struct call call = {.name = args_word(args, 0)};

    call.field = field_record_new(call.name, FIELD_OF_TEXT);
    enum status status = read_added(args, &call, err);
    if (status == ST_OK) {
        status = run_change(cli, add, &call, err);
    }
    field_record_free(call.field);
    return status;
}

static enum status set(struct tx *tx, void *arg, struct err *err)
{
    const struct call *call = arg;
    return field_store_set(tx, call->actor, call->name, &call->change, err);
}

static enum status run_set(struct cli *cli, const struct args *args, struct err *err)
{
    struct call call = {.name = args_word(args, 0)};

    if (args->names->len == 0) {
        return err_set(err, ST_INVALID, "say what is to change: --contacts, --choices, --required");
    }
    call.field = field_record_new(call.name, FIELD_OF_CHOICE);
    enum status status = read_options(args, &call, err);
    if (status == ST_OK) {
        status = run_change(cli, set, &call, err);
    }
    field_record_free(call.field);
    return status;
}

static enum status remove_field(struct tx *tx, void *arg, struct err *err)
{
    const struct call *call = arg;
    return field_store_remove(tx, call->actor, call->name, call->with_values, err);
}

static enum status run_remove(struct cli *cli, const struct args *args, struct err *err)
{
    struct call call = {.name = args_word(args, 0), .with_values = args_has(args, "with-values")};

    return run_change(cli, remove_field, &call, err);
}

/* ---- statuses ---- */

static enum status set_status(struct tx *tx, void *arg, struct err *err)
{
    const struct call *call = arg;
    return call->is_added ? field_store_add_status(tx, call->actor, call->name, call->maps_to, err)
                          : field_store_remove_status(tx, call->actor, call->name, err);
}

static enum status run_status(struct cli *cli, const struct args *args, struct err *err)
{
    struct call call = {.name = args_word(args, 1), .maps_to = args_value(args, "maps-to")};
    struct err unknown = {.status = ST_OK};
    enum ticket_status base = TICKET_OPEN;

    enum status status = cli_add_or_remove(args_word(args, 0), &call.is_added, err);
    if (status == ST_OK && call.is_added) {
        status = field_name_check(call.name, err);
    }
    if (status == ST_OK && ticket_status_parse(call.name, &base, &unknown) == ST_OK) {
        return err_set(err, ST_INVALID, "every desk has the status \"%s\"", call.name);
    }
    if (status == ST_OK && call.is_added != (call.maps_to != NULL)) {
        return err_set(err, ST_INVALID,
                       call.is_added ? "say which of the four it means: --maps-to pending"
                                     : "--maps-to goes with add");
    }
    if (status == ST_OK && call.is_added) {
        status = field_word_check(TICKET_FIELD_STATUS, call.maps_to, err);
    }
    return status == ST_OK ? run_change(cli, set_status, &call, err) : status;
}

/* ---- tables ---- */

static const struct flag ADD_FLAGS[] = {
    {"type", "text|choice|number|date", "what it takes", true, false},
    {"choices", "A,B,…", "what a choice can be", false, false},
    {"contacts", "hidden|shown|editable", "what contacts see of it (hidden)", false, false},
    {"required", "yes|no", "whether it must be filled before a ticket is resolved (no)", false,
     false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag SET_FLAGS[] = {
    {"contacts", "hidden|shown|editable", "what contacts see of it", false, false},
    {"choices", "A,B,…", "what a choice can be; tickets that have another keep it", false, false},
    {"required", "yes|no", "whether it must be filled before a ticket is resolved", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag REMOVE_FLAGS[] = {
    {"with-values", NULL, "also where tickets have a value in it", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct flag STATUS_FLAGS[] = {
    {"maps-to", "open|pending|resolved|closed", "which of the four it means", false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.name = "add",
     .words = "NAME",
     .help = "make a field of the desk's own",
     .more = "Numbers have at most 15 digits and 6 behind the point; dates are YYYY-MM-DD.",
     .flags = ADD_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_add},
    {.name = "list", .words = "", .help = "list the fields of a ticket", .run = run_list},
    {.name = "show",
     .words = "NAME",
     .help = "show a field; of status also the desk's own",
     .least_words = 1,
     .most_words = 1,
     .run = run_show},
    {.name = "set",
     .words = "NAME",
     .help = "say what contacts see of a field, and whether it is required",
     .more = "It holds from the next mail on.",
     .flags = SET_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_set},
    {.name = "remove",
     .words = "NAME",
     .help = "remove a field of the desk's own",
     .flags = REMOVE_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_remove},
    {.name = "status",
     .words = "add|remove NAME",
     .help = "make a status of the desk's own, or remove one",
     .more = "Each means one of the four: a ticket that is \"parts-ordered\" is pending.",
     .flags = STATUS_FLAGS,
     .least_words = 2,
     .most_words = 2,
     .run = run_status},
    {.run = NULL},
};

const struct noun NOUN_FIELD = {"field", "what a ticket holds, and what contacts see of it", VERBS};
