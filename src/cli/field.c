/* field - postdesk field list, set
 *
 * Each field of a ticket is hidden, shown or editable to contacts; notices obey it.
 * I/O: the database, stdout.
 */
#include "store/field.h"

#include <stdio.h>
#include <string.h>

#include "cli/view.h"

static const struct field FIELDS[] = {
    {"name", "FIELD", FIELD_TEXT, false},
    {"contacts", "CONTACTS", FIELD_TEXT, false},
};

static enum status run_list(struct cli *cli, const struct args *args, struct err *err)
{
    (void)args;
    return view_list(cli, field_store_list, FIELDS, G_N_ELEMENTS(FIELDS), err);
}

struct setting {
    const char *actor;
    const char *name;
    const char *contacts;
};

static enum status set(struct tx *tx, void *arg, struct err *err)
{
    const struct setting *setting = arg;
    return field_store_set(tx, setting->actor, setting->name, setting->contacts, err);
}

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

static enum status run_set(struct cli *cli, const struct args *args, struct err *err)
{
    g_autofree char *actor = cli_actor();
    struct setting setting = {actor, args_word(args, 0), args_value(args, "contacts")};

    enum status status = check_visibility(setting.contacts, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, set, &setting, err);
    }
    if (status == ST_OK) {
        cli_changed(cli, "field", setting.name);
    }
    return status;
}

static const struct flag SET_FLAGS[] = {
    {"contacts", "hidden|shown|editable", "what contacts see of it", true, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.name = "list", .words = "", .help = "list the fields of a ticket", .run = run_list},
    {.name = "set",
     .words = "NAME",
     .help = "say what contacts see of a field; it holds from the next mail on",
     .flags = SET_FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_set},
    {.run = NULL},
};

const struct noun NOUN_FIELD = {"field", "what contacts see of a ticket", VERBS};
