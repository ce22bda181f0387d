/* why - postdesk why MAIL|FILE.eml: how a mail was decided, or how a file would be
 *
 * A number is a mail of the desk: what was read and decided stands with it. Anything else is a file, which is
 * parsed in the jail and decided against the desk as it is now, in a transaction that writes nothing.
 * I/O: the database, the file, the jail (gateway/explain), stdout.
 */
#include <stdio.h>
#include <string.h>

#include "cli/eml.h"
#include "cli/explain.h"
#include "cli/view.h"
#include "core/text.h"

static enum status explain_path(struct cli *cli, const struct args *args, json_t **explained_out,
                                struct err *err)
{
    g_autoptr(GBytes) raw = NULL;
    OWNED(explanation) explanation = NULL;
    mailbox_id mailbox = 0;

    /* Tokens in it are verified, and for that their keys are read. */
    enum status status = cli_require(cli, DESK_OPERATOR, err);
    if (status == ST_OK) {
        status = eml_read(args_word(args, 0), &raw, err);
    }
    if (status == ST_OK) {
        status = eml_find_mailbox(cli, args_value(args, "mailbox"), &mailbox, err);
    }
    if (status == ST_OK) {
        status = explain_file(cli->conn, raw, mailbox, &explanation, err);
    }
    if (status == ST_OK) {
        *explained_out = explain_rehearsed(explanation);
    }
    return status;
}

static enum status explain_number(struct cli *cli, mail_id mail, json_t **explained_out,
                                  struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    enum status status = tx_begin(cli->conn, TX_READ_ONLY, &tx, err);

    return status == ST_OK ? explain_stored(tx, mail, explained_out, err) : status;
}

static enum status run_why(struct cli *cli, const struct args *args, struct err *err)
{
    const char *word = args_word(args, 0);
    struct err ignored = {.status = ST_OK};
    json_t *explained = NULL;
    int64_t mail = 0;

    enum status status = cli_connect(cli, err);
    if (status == ST_OK) {
        status = text_parse_int64(word, 1, INT64_MAX, &mail, &ignored) == ST_OK
                     ? explain_number(cli, mail, &explained, err)
                     : explain_path(cli, args, &explained, err);
    }
    if (status == ST_OK && cli->is_json) {
        view_print_json(explained);
    } else if (status == ST_OK) {
        explain_print(explained);
    }
    json_decref(explained);
    return status;
}

static const struct flag FLAGS[] = {
    {"mailbox", "ADDRESS|ID", "for a file: the mailbox that it would have come to (the first one)",
     false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.is_long = true,
     .words = "MAIL|FILE.eml",
     .help = "explain how a mail was decided, or how a file would be",
     .more =
         "A number is a mail that the desk has. A file is decided against the desk as it is now;\n"
         "nothing is written; that needs the role operator, because tokens are verified with the desk's\n"
         "keys. A file that is called like a number: ./12",
     .flags = FLAGS,
     .least_words = 1,
     .most_words = 1,
     .run = run_why},
    {.run = NULL},
};

const struct noun NOUN_WHY = {"why", "explain how a mail was decided, or how a file would be",
                              VERBS};
