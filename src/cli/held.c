/* held - postdesk held list, show, release, drop
 *
 * A mail is held when its authority is not proven or it could not be read. A person looks at it and either
 * lets it be decided again (then it gains at most a contact's comment: desk/authority) or drops it. Who did
 * so is recorded with the mail.
 *
 * show prints the mail's own text as it came, without parsing it: the parser is what it may be aimed at. It
 * stands between two lines and its control characters are gone.
 * I/O: the database, stdout.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/explain.h"
#include "cli/view.h"
#include "core/text.h"
#include "store/inbound.h"
#include "store/inbound_list.h"

enum { SHOWN_BYTES = 8192, INDENT = 4 };

static const struct field FIELDS[] = {
    {"id", "MAIL", FIELD_NUMBER, false},       {"from", "FROM", FIELD_TEXT, true},
    {"subject", "SUBJECT", FIELD_TEXT, true},  {"why", "WHY", FIELD_TEXT, true},
    {"since", "SINCE", FIELD_TIME, false},     {"mailbox", NULL, FIELD_TEXT, false},
    {"from_address", NULL, FIELD_TEXT, false}, {"role", NULL, FIELD_TEXT, false},
    {"bytes", NULL, FIELD_NUMBER, false},
};

static enum status run_list(struct cli *cli, const struct args *args, struct err *err)
{
    (void)args;
    return view_list(cli, inbound_list_held, FIELDS, G_N_ELEMENTS(FIELDS), err);
}

static enum status read_mail(const struct args *args, mail_id *mail_out, struct err *err)
{
    if (text_parse_int64(args_word(args, 0), 1, INT64_MAX, mail_out, err) != ST_OK) {
        return err_set(err, ST_INVALID, "\"%s\" is not the number of a mail", args_word(args, 0));
    }
    return ST_OK;
}

/* The beginning of the raw mail. */
static char *beginning_of(GBytes *raw)
{
    gsize length = 0;
    const char *bytes = g_bytes_get_data(raw, &length);
    g_autofree char *text = text_scrub(bytes == NULL ? "" : bytes,
                                       (gssize)MIN(length, SHOWN_BYTES));

    return text_normalise_lines(text);
}

static void print_held(const struct cli *cli, json_t *mail, GBytes *raw)
{
    g_autofree char *text = beginning_of(raw);

    if (cli->is_json) {
        json_object_set_new(mail, "raw", json_string(text));
        view_print_json(mail);
        return;
    }
    explain_print(mail);
    putchar('\n');
    view_heading(g_bytes_get_size(raw) > SHOWN_BYTES ? "The mail begins" : "The mail");
    view_body(text, INDENT);
}

static enum status run_show(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    g_autoptr(GBytes) raw = NULL;
    json_t *explained = NULL;
    mail_id mail = 0;

    enum status status = read_mail(args, &mail, err);
    if (status == ST_OK) {
        status = cli_read(cli, &tx, err);
    }
    if (status == ST_OK) {
        status = explain_stored(tx, mail, &explained, err);
    }
    if (status == ST_OK) {
        status = inbound_store_raw(tx, mail, &raw, err);
    }
    if (status == ST_OK) {
        print_held(cli, explained, raw);
    }
    json_decref(explained);
    return status;
}

/* ---- release, trust, drop, spam ---- */

static enum status decide(struct tx *tx, void *arg, struct err *err)
{
    return inbound_list_decide(tx, arg, err);
}

/* said tells what was done to mail N. */
static enum status run_decision(struct cli *cli, const struct args *args,
                                struct held_decision decision, const char *said, struct err *err)
{
    enum status status = read_mail(args, &decision.mail, err);
    g_autofree char *actor = cli_actor();

    decision.actor = actor;
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, decide, &decision, err);
    }
    if (status == ST_OK) {
        cli_say(cli, "mail %" PRId64 " is %s\n", decision.mail, said);
    }
    if (status == ST_OK && decision.is_release) {
        cli_say(cli, "postdesk why %" PRId64 " tells what becomes of it\n", decision.mail);
    }
    return status;
}

static enum status run_release(struct cli *cli, const struct args *args, struct err *err)
{
    return run_decision(cli, args, (struct held_decision){.is_release = true}, "released", err);
}

static enum status run_trust(struct cli *cli, const struct args *args, struct err *err)
{
    return run_decision(cli, args, (struct held_decision){.is_release = true, .is_trusted = true},
                        "released, and its sender is confirmed", err);
}

static enum status run_drop(struct cli *cli, const struct args *args, struct err *err)
{
    return run_decision(cli, args, (struct held_decision){.is_release = false}, "dropped", err);
}

static enum status run_spam(struct cli *cli, const struct args *args, struct err *err)
{
    return run_decision(cli, args, (struct held_decision){.is_spam = true}, "dropped as spam", err);
}

static const struct verb VERBS[] = {
    {.name = "list",
     .is_long = true,
     .words = "",
     .help = "list the mails that wait for a person",
     .run = run_list},
    {.name = "show",
     .is_long = true,
     .words = "MAIL",
     .help = "show a mail: why it is held, and how it begins",
     .least_words = 1,
     .most_words = 1,
     .run = run_show},
    {.name = "release",
     .words = "MAIL",
     .help = "let it be decided again",
     .more =
         "It gains at most a contact's public comment; what claimed to be a technician's becomes an\n"
         "internal note.",
     .least_words = 1,
     .most_words = 1,
     .run = run_release},
    {.name = "trust",
     .words = "MAIL",
     .help = "release it, and confirm that its sender is who he says",
     .least_words = 1,
     .most_words = 1,
     .run = run_trust},
    {.name = "drop",
     .words = "MAIL",
     .help = "reject it; nobody is told",
     .least_words = 1,
     .most_words = 1,
     .run = run_drop},
    {.name = "spam",
     .words = "MAIL",
     .help = "reject it, and count it as spam",
     .least_words = 1,
     .most_words = 1,
     .run = run_spam},
    {.run = NULL},
};

const struct noun NOUN_HELD = {"held", "mails that wait for a person", VERBS};
