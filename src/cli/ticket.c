/* ticket - postdesk ticket show, reply, note (cli/ticket_list lists, cli/ticket_fields and cli/ticket_set change it)
 *
 * A ticket with its fields, its conversation, its history and the mails that left for it; and an answer that goes
 * the same way as one by mail: the same plan (desk/decide), the same door out (gateway/answer). Whoever may work
 * on tickets has read one by looking at it; who may only look changes nothing.
 * I/O: the database, stdin for a reply's text, stdout.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/entry.h"
#include "cli/ticket_fields.h"
#include "cli/ticket_list.h"
#include "cli/ticket_search.h"
#include "cli/ticket_set.h"
#include "cli/view.h"
#include "core/limits.h"
#include "core/text.h"
#include "gateway/answer.h"
#include "store/person.h"
#include "store/ticket_list.h"

enum { MAX_BYTES_PER_CHAR = 4, INDENT = 4 };

static const struct field PARTICIPANT_FIELDS[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"name", "PARTICIPANT", FIELD_TEXT, true},
    {"address", "ADDRESS", FIELD_TEXT, true},
};

static const struct field LINK_FIELDS[] = {
    {"ticket", "LINKED TO", FIELD_NUMBER, false},
    {"why", "WHY", FIELD_TEXT, true},
};

static const struct field COMMENT_FIELDS[] = {
    {"id", NULL, FIELD_NUMBER, false},   {"kind", NULL, FIELD_TEXT, false},
    {"author", NULL, FIELD_TEXT, false}, {"author_address", NULL, FIELD_TEXT, false},
    {"mail", NULL, FIELD_NUMBER, false}, {"created_at", NULL, FIELD_TIME, false},
    {"body", NULL, FIELD_TEXT, false},
};

static const struct field ATTACHMENT_FIELDS[] = {
    {"comment", NULL, FIELD_NUMBER, false}, {"name", NULL, FIELD_TEXT, false},
    {"type", NULL, FIELD_TEXT, false},      {"bytes", NULL, FIELD_NUMBER, false},
    {"is_inline", NULL, FIELD_BOOL, false},
};

static const struct field MAIL_FIELDS[] = {
    {"id", "ID", FIELD_NUMBER, false},
    {"notice", "NOTICE", FIELD_TEXT, false},
    {"to", "TO", FIELD_TEXT, true},
    {"state", "STATE", FIELD_TEXT, false},
    {"reason", "WHY", FIELD_TEXT, true},
    {"suppressed_by", NULL, FIELD_TEXT, false},
    {"comment", NULL, FIELD_NUMBER, false},
    {"attempt", "TRIES", FIELD_NUMBER, false},
    {"queued_at", "QUEUED", FIELD_TIME, false},
    {"next_try_at", NULL, FIELD_TIME, false},
    {"ended_at", "ENDED", FIELD_TIME, false},
    {"answer", "ANSWER", FIELD_TEXT, true},
};

/* ---- show ---- */

/* The comments, each with its attachments. */
static json_t *comments_of(const struct ticket_whole *whole)
{
    json_t *comments = view_rows(whole->comments, COMMENT_FIELDS, G_N_ELEMENTS(COMMENT_FIELDS));
    json_t *attachments = view_rows(whole->attachments, ATTACHMENT_FIELDS,
                                    G_N_ELEMENTS(ATTACHMENT_FIELDS));
    size_t i = 0;
    json_t *comment = NULL;

    json_array_foreach(comments, i, comment)
    {
        json_t *own = json_array();
        size_t j = 0;
        json_t *attachment = NULL;
        json_array_foreach(attachments, j, attachment)
        {
            if (json_equal(json_object_get(attachment, "comment"),
                           json_object_get(comment, "id"))) {
                json_array_append(own, attachment);
            }
        }
        json_object_set_new(comment, "attachments", own);
    }
    json_decref(attachments);
    return comments;
}

static json_t *ticket_of(const struct ticket_whole *whole)
{
    json_t *ticket = ticket_object(whole->ticket, 0);

    json_object_set_new(ticket, "participants",
                        view_rows(whole->participants, PARTICIPANT_FIELDS,
                                  G_N_ELEMENTS(PARTICIPANT_FIELDS)));
    json_object_set_new(ticket, "links",
                        view_rows(whole->links, LINK_FIELDS, G_N_ELEMENTS(LINK_FIELDS)));
    json_object_set_new(ticket, "comments", comments_of(whole));
    json_object_set_new(ticket, "activities",
                        view_rows(whole->activities, TICKET_ACTIVITIES, TICKET_ACTIVITY_COLUMNS));
    json_object_set_new(ticket, "mails",
                        view_rows(whole->mails, MAIL_FIELDS, G_N_ELEMENTS(MAIL_FIELDS)));
    return ticket;
}

static void print_comment(const json_t *comment)
{
    g_autofree char *when = view_text(json_object_get(comment, "created_at"), FIELD_TIME);
    g_autofree char *author = view_text(json_object_get(comment, "author"), FIELD_TEXT);
    g_autofree char *address = view_text(json_object_get(comment, "author_address"), FIELD_TEXT);
    const json_t *mail = json_object_get(comment, "mail");
    g_autofree char *by = json_is_integer(mail) ? g_strdup_printf(", mail %" JSON_INTEGER_FORMAT,
                                                                  json_integer_value(mail))
                                                : g_strdup("");
    bool is_rules = !json_is_string(json_object_get(comment, "author_address"));
    g_autofree char *who = is_rules ? g_strdup_printf("rule \"%s\"", author)
                                    : g_strdup_printf("%s <%s>", author, address);
    g_autofree char *heading = g_strdup_printf(
        "%s  %s  %s%s", when, who, json_string_value(json_object_get(comment, "kind")), by);
    size_t i = 0;
    json_t *attachment = NULL;

    putchar('\n');
    view_heading(heading);
    view_body(json_string_value(json_object_get(comment, "body")), INDENT);
    json_array_foreach(json_object_get(comment, "attachments"), i, attachment)
    {
        g_autofree char *name = view_text(json_object_get(attachment, "name"), FIELD_TEXT);
        g_autofree char *type = view_text(json_object_get(attachment, "type"), FIELD_TEXT);
        printf("%*s[%s, %s, %" JSON_INTEGER_FORMAT " bytes]\n", INDENT, "", name, type,
               json_integer_value(json_object_get(attachment, "bytes")));
    }
}

static void print_part(const json_t *ticket, const char *key, const struct field *fields,
                       size_t count)
{
    const json_t *array = json_object_get(ticket, key);

    if (json_array_size(array) > 0) {
        putchar('\n');
        view_print_table(array, fields, count);
    }
}

static void print_ticket(const json_t *ticket)
{
    g_autofree char *subject = view_text(json_object_get(ticket, "subject"), FIELD_TEXT);
    g_autofree char *heading = g_strdup_printf("Ticket %" JSON_INTEGER_FORMAT ": %s",
                                               json_integer_value(json_object_get(ticket, "id")),
                                               subject);
    size_t i = 0;
    json_t *comment = NULL;

    view_heading(heading);
    ticket_print_card(ticket);
    if (json_is_integer(json_object_get(ticket, "merged_into"))) {
        printf("Merged into ticket %" JSON_INTEGER_FORMAT "\n",
               json_integer_value(json_object_get(ticket, "merged_into")));
    }
    print_part(ticket, "participants", PARTICIPANT_FIELDS, G_N_ELEMENTS(PARTICIPANT_FIELDS));
    print_part(ticket, "links", LINK_FIELDS, G_N_ELEMENTS(LINK_FIELDS));
    json_array_foreach(json_object_get(ticket, "comments"), i, comment)
    {
        print_comment(comment);
    }
    print_part(ticket, "activities", TICKET_ACTIVITIES, TICKET_ACTIVITY_COLUMNS);
    print_part(ticket, "mails", MAIL_FIELDS, G_N_ELEMENTS(MAIL_FIELDS));
}

/* Who looks and may work on tickets has read it. */
static enum status set_read(struct tx *tx, void *arg, struct err *err)
{
    const int64_t *number = arg;
    g_autofree char *login = NULL;
    enum desk_role role = DESK_NOBODY;
    enum status status = role_store_mine(tx, &role, &login, err);

    return status == ST_OK && role >= DESK_OPERATOR ? ticket_list_set_read(tx, *number, err)
                                                    : status;
}

static enum status run_show(struct cli *cli, const struct args *args, struct err *err)
{
    TX_AUTO struct tx *tx = NULL;
    struct ticket_whole whole = {.ticket = NULL};
    int64_t number = 0;

    enum status status = ticket_read_number(args_word(args, 0), &number, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = tx_run(cli->conn, set_read, &number, err);
    }
    if (status == ST_OK) {
        status = cli_read(cli, &tx, err);
    }
    if (status == ST_OK) {
        status = ticket_list_whole(tx, number, &whole, err);
    }
    if (status != ST_OK) {
        return status;
    }
    json_t *ticket = ticket_of(&whole);
    if (cli->is_json) {
        view_print_json(ticket);
    } else {
        print_ticket(ticket);
    }
    json_decref(ticket);
    ticket_whole_clear(&whole);
    return ST_OK;
}

/* ---- reply ---- */

/* All of stdin. */
static enum status read_stdin(char **text_out, struct err *err)
{
    enum { PIECE = 65536, MOST = LIMIT_COMMENT_CHARS * MAX_BYTES_PER_CHAR };
    g_autoptr(GString) text = g_string_new("");
    g_autofree char *piece = g_malloc(PIECE);
    size_t length = 0;

    while ((length = fread(piece, 1, PIECE, stdin)) > 0) {
        g_string_append_len(text, piece, (gssize)length);
        if (text->len > MOST) {
            return err_set(err, ST_INVALID, "the text is too long");
        }
    }
    if (ferror(stdin)) {
        return err_set(err, ST_INVALID, "could not read the text from standard input");
    }
    *text_out = text_scrub(text->str, (gssize)text->len);
    return ST_OK;
}

static enum status read_text(const char *word, char **text_out, struct err *err)
{
    g_autofree char *text = NULL;
    enum status status = ST_OK;

    if (word == NULL || strcmp(word, "-") == 0) {
        status = read_stdin(&text, err);
    } else {
        text = text_scrub(word, -1);
    }
    if (status != ST_OK) {
        return status;
    }
    *text_out = text_normalise_lines(text);
    if ((*text_out)[0] == '\0') {
        return err_set(err, ST_INVALID, "there is no text to send");
    }
    if (text_chars(*text_out) > LIMIT_COMMENT_CHARS) {
        return err_set(err, ST_INVALID, "a text has at most %d characters", LIMIT_COMMENT_CHARS);
    }
    return ST_OK;
}

struct reply {
    struct answer answer;
    const char *as; /* borrowed; NULL: the assignee, or the only technician */
};

static enum status find_technician(struct tx *tx, struct reply *reply, struct err *err)
{
    OWNED(rows) rows = NULL;

    if (reply->as == NULL) {
        return answer_find_technician(tx, reply->answer.ticket, &reply->answer.technician, err);
    }
    g_autofree char *key = entry_key(reply->as);
    enum status status = person_store_find(tx, key, &rows, err);
    if (status == ST_OK) {
        reply->answer.technician = row_int64(rows, 0, 0);
    }
    return status;
}

static enum status put_reply(struct tx *tx, void *arg, struct err *err)
{
    struct reply *reply = arg;
    enum status status = find_technician(tx, reply, err);

    return status == ST_OK ? answer_put(tx, &reply->answer, err) : status;
}

static void print_reply(const struct cli *cli, const struct answer *answer)
{
    if (cli->is_json) {
        json_t *object = json_pack("{s:I, s:I, s:I}", "ticket", (json_int_t)answer->ticket,
                                   "comment", (json_int_t)answer->comment, "mails",
                                   (json_int_t)answer->mail_count);
        view_print_json(object);
        json_decref(object);
        return;
    }
    printf("comment %" PRId64 " added to ticket %" PRId64 ", %zu %s queued\n", answer->comment,
           answer->ticket, answer->mail_count, answer->mail_count == 1 ? "mail" : "mails");
}

static enum status run_text(struct cli *cli, const struct args *args, bool is_note, struct err *err)
{
    g_autofree char *text = NULL;
    g_autofree char *actor = cli_actor();
    struct reply reply = {.answer = {.actor = actor, .is_note = is_note},
                          .as = args_value(args, "as")};

    enum status status = ticket_read_number(args_word(args, 0), &reply.answer.ticket, err);
    if (status == ST_OK) {
        status = cli_connect(cli, err);
    }
    if (status == ST_OK) {
        status = read_text(args_word(args, 1), &text, err);
    }
    reply.answer.text = text;
    if (status == ST_OK) {
        status = tx_run(cli->conn, put_reply, &reply, err);
    }
    if (status == ST_OK) {
        print_reply(cli, &reply.answer);
    }
    return status;
}

static enum status run_reply(struct cli *cli, const struct args *args, struct err *err)
{
    return run_text(cli, args, false, err);
}

static enum status run_note(struct cli *cli, const struct args *args, struct err *err)
{
    return run_text(cli, args, true, err);
}

/* ---- tables ---- */

static const struct flag REPLY_FLAGS[] = {
    {"as", "ADDRESS|ID",
     "the technician who answers; without it the ticket's assignee, or the only "
     "technician of the desk",
     false, false},
    {NULL, NULL, NULL, false, false},
};

static const struct verb VERBS[] = {
    {.name = "list",
     .is_long = true,
     .words = "",
     .help = "list tickets that are not closed, newest first",
     .more =
         "A status also finds those of the desk's own that mean it; \"none\" stands for nobody, no\n"
         "group or no customer. --field NAME= finds those where it is empty.",
     .flags = TICKET_LIST_FLAGS,
     .run = ticket_run_list},
    {.name = "show",
     .is_long = true,
     .words = "N",
     .help = "show a ticket: fields, the conversation, what happened, what was sent",
     .more = "Who may work on tickets has read it by that.",
     .least_words = 1,
     .most_words = 1,
     .run = run_show},
    {.name = "reply",
     .words = "N [TEXT|-]",
     .help = "answer the contact, as if by mail",
     .more = "The text is read from standard input where none is given. An unassigned ticket is\n"
             "assigned to the technician, if the setting assign-on-reply says so.",
     .flags = REPLY_FLAGS,
     .least_words = 1,
     .most_words = 2,
     .run = run_reply},
    {.name = "note",
     .words = "N [TEXT|-]",
     .help = "write an internal note: technicians get it, contacts never do",
     .more = "The text is read from standard input where none is given.",
     .flags = REPLY_FLAGS,
     .least_words = 1,
     .most_words = 2,
     .run = run_note},
    {.name = "log",
     .is_long = true,
     .words = "N",
     .help = "show what happened to a ticket: when, what, by whom, because of which mail or rule",
     .least_words = 1,
     .most_words = 1,
     .run = ticket_run_log},
    {.name = "search",
     .is_long = true,
     .words = "WORDS…",
     .help = "search titles and comments, closed tickets too; the best first",
     .more =
         "All words have to be there; \"in quotes\" side by side; A or B; -WORD without it. What has\n"
         "quotes or dashes is quoted for the shell: 'printer -toner'. The setting\n"
         "search-language says whose word forms count.",
     .flags = TICKET_SEARCH_FLAGS,
     .least_words = 1,
     .most_words = LIMIT_CHANGES,
     .run = ticket_run_search},
    {.name = "set",
     .words = "N FIELD=VALUE…",
     .help = "change fields of a ticket, all or none; nobody is told",
     .more =
         "Fields are status, type, priority, impact, product, group, title, assignee, requester,\n"
         "customer and those of the desk (postdesk field list); FIELD= empties one. Tags are\n"
         "added and removed by tag+=TAG and tag-=TAG. assignee=round-robin:GROUP gives the\n"
         "ticket to the next of a group, least-loaded:GROUP to the one with the fewest.",
     .least_words = 2,
     .most_words = LIMIT_CHANGES,
     .run = ticket_run_set},
    {.name = "status",
     .words = "N STATUS",
     .help = "give a ticket another status; nobody is told",
     .least_words = 2,
     .most_words = 2,
     .run = ticket_run_status},
    {.name = "participant",
     .words = "add|remove N ADDRESS|ID",
     .help = "let somebody take part in a ticket, or not any more",
     .least_words = 3,
     .most_words = 3,
     .run = ticket_run_participant},
    {.name = "group",
     .words = "N NAME|ID|none",
     .help = "give a ticket to a group, or to all",
     .least_words = 2,
     .most_words = 2,
     .run = ticket_run_group},
    {.name = "assign",
     .words = "N ADDRESS|ID|none",
     .help = "give a ticket to a technician, or to nobody",
     .least_words = 2,
     .most_words = 2,
     .run = ticket_run_assign},
    {.run = NULL},
};

const struct noun NOUN_TICKET = {"ticket", "requests, and the conversation on them", VERBS};
