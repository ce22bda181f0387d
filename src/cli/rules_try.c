/* rules_try - postdesk rules try: a dry run of the rules on one mail
 *
 * The mail is decided as `postdesk why FILE` decides it, in the jail and in a transaction that writes nothing, by the
 * live rules or by those of a folder; beside the plan stands what each condition saw and what each action would do.
 * Mails, calls and changes of the plan stay where they are: in the plan.
 * I/O: the folder, the file, the jail, the database, stdout.
 */
#include <string.h>

#include "cli/eml.h"
#include "cli/explain.h"
#include "cli/rules_files.h"
#include "cli/rules_verbs.h"
#include "cli/view.h"

static void print_trial(const struct cli *cli, const struct explanation *explanation)
{
    json_t *explained = explain_rehearsed(explanation);
    json_t *lines = json_array();

    for (guint i = 0; i < explanation->trace->len; i++) {
        json_array_append_new(lines, json_string(g_ptr_array_index(explanation->trace, i)));
    }
    json_object_set_new(explained, "trace", lines);
    if (cli->is_json) {
        view_print_json(explained);
    } else {
        explain_print(explained);
        explain_print_trace(explanation->trace);
    }
    json_decref(explained);
}

enum status rules_run_try(struct cli *cli, const struct args *args, struct err *err)
{
    g_autoptr(GBytes) raw = NULL;
    OWNED(rules) rules = NULL;
    OWNED(explanation) explanation = NULL;
    const char *folder = args_value(args, "rules");
    mailbox_id mailbox = 0;

    enum status status = cli_connect(cli, err);
    if (status == ST_OK && folder != NULL) {
        status = rules_load(cli, folder, NULL, &rules, err);
    }
    if (status == ST_OK) {
        status = eml_read(args_word(args, 0), &raw, err);
    }
    if (status == ST_OK) {
        status = eml_find_mailbox(cli, args_value(args, "mailbox"), &mailbox, err);
    }
    if (status == ST_OK) {
        status = explain_try(cli->conn, raw, mailbox, &rules, &explanation, err);
    }
    if (status == ST_OK) {
        print_trial(cli, explanation);
    }
    return status;
}
