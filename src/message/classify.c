/* classify - was a mail written by a machine, and which kind of one?
 *
 * Machines are never answered, whatever else a mail is: that is how two of them are kept from talking to
 * each other for ever (RFC 3834 section 2). So when in doubt a mail is a machine's, but for the one
 * field with which a person's mail program says "no" (RFC 3834 section 5: its value is parsed, with
 * its comments and parameters).
 *
 * The first that fits counts, in this order:
 *   reports   complaint (RFC 5965), receipt (RFC 8098), bounce (RFC 3464), reaction (RFC 9078)
 *   bounces   in words, by a sender that is a mail server's
 *   replies   Auto-Submitted: auto-replied, X-Autoreply and its kin
 *   lists     List-Id and its kin, Precedence: list, or bulk with a sender of its own
 *   the rest  Auto-Submitted, X-Auto-Response-Suppress, X-Loop, a null return path, no-reply senders
 *
 * Every kind is a claim of the mail. What follows from it is decided elsewhere. Pure.
 */
#include "message/classify.h"

#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "message/report.h"
#include "message/scan.h"

#define REASON_CHARS 120

static void decide(struct facts *facts, enum auto_kind kind, const char *reason)
{
    facts->auto_kind = kind;
    g_free(facts->auto_reason);
    facts->auto_reason = text_one_line(reason, REASON_CHARS);
}

/* Decide, with the field that says so as the reason. */
static void decide_by(struct facts *facts, enum auto_kind kind, const char *name, const char *value)
{
    g_autofree char *reason = g_strdup_printf("%s: %s", name, value);

    decide(facts, kind, reason);
}

/* The first token of a field in lower case, comments skipped; "" if it has none; NULL without a field. */
static char *token_of(const struct headers *headers, const char *name)
{
    g_autofree char *value = headers_text(headers, name);
    g_autoptr(GString) token = g_string_new(NULL);
    struct scan scan;

    if (value == NULL) {
        return NULL;
    }
    scan = scan_of(value);
    scan_cfws(&scan, NULL);
    scan_token(&scan, token);
    return g_ascii_strdown(token->str, -1);
}

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(text, *list) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- who sends reports ------------------------------------------------------------------------ */

/* Is it from a mail server's own address? Some write none, or one that is no address. */
static bool is_from_server(const struct facts *facts)
{
    static const char *const NAMES[] = {"mailer-daemon",
                                        "mailerdaemon",
                                        "postmaster",
                                        "post_master",
                                        "mail-daemon",
                                        "mail delivery",
                                        "mail deliver",
                                        "mailer daemon",
                                        "mdaemon",
                                        "bounce@",
                                        "bounces@",
                                        "poostmaster",
                                        NULL};
    g_autofree char *lower = g_ascii_strdown(facts->from_text, -1);

    for (size_t i = 0; NAMES[i] != NULL; i++) {
        if (strstr(lower, NAMES[i]) != NULL) {
            return true;
        }
    }
    return strcmp(lower, "<>") == 0;
}

static bool is_null_path(const struct facts *facts)
{
    return facts->return_path != NULL && *facts->return_path == '\0';
}

/* ---- reports ----------------------------------------------------------------------------------- */

static bool is_report(const struct part *root, const char *type)
{
    const char *stated = param_get(root->type, "report-type");

    return part_is(root, "multipart/report") && stated != NULL &&
           g_ascii_strcasecmp(stated, type) == 0;
}

/* A part with Content-Disposition: reaction (RFC 9078). */
static bool has_reaction(const struct part *part)
{
    if (strcmp(part->disposition->value, "reaction") == 0) {
        return true;
    }
    for (guint i = 0; i < part->children->len; i++) {
        if (has_reaction(g_ptr_array_index(part->children, i))) {
            return true;
        }
    }
    return false;
}

/* A person who attaches the report that he got asks for help: only what is a report as a whole, or comes
 * from where reports come from, is taken for one. */
static bool may_report(const struct part *root, const struct facts *facts)
{
    return part_is(root, "multipart/report") || part_is(root, "message/delivery-status") ||
           is_null_path(facts) || is_from_server(facts);
}

static bool take_report(const struct part *root, struct facts *facts)
{
    const struct part *status = NULL;

    if (may_report(root, facts)) {
        status = report_find(root, "message/delivery-status");
        status = status == NULL ? report_find(root, "message/global-delivery-status") : status;
    }
    if (is_report(root, "feedback-report") ||
        report_find(root, "message/feedback-report") != NULL) {
        decide(facts, AUTO_COMPLAINT, "a feedback report");
    } else if (report_is_junk_mail_complaint(root)) {
        decide(facts, AUTO_COMPLAINT, "a complaint in Microsoft's form");
    } else if (is_report(root, "disposition-notification") ||
               report_find(root, "message/disposition-notification") != NULL) {
        decide(facts, AUTO_RECEIPT, "a disposition notification");
    } else if (status != NULL || is_report(root, "delivery-status")) {
        decide(facts, AUTO_BOUNCE, "a delivery report");
        if (status != NULL) {
            report_read_status(status, facts);
        }
        if (facts->bounces->len == 0) {
            report_read_text(NULL, facts->subject, facts->text, facts);
        }
    } else if (has_reaction(root)) {
        decide(facts, AUTO_REACTION, "a part is a reaction");
    }
    return facts->auto_kind != AUTO_NONE;
}

/* ---- bounces in words -------------------------------------------------------------------------- */

/* Sending services that report as JSON, whole or within a string of another JSON text. */
static enum auto_kind notification_kind(const char *text)
{
    static const struct {
        const char *words;
        enum auto_kind kind;
    } KINDS[] = {{"\"notificationType\":\"Bounce\"", AUTO_BOUNCE},
                 {"\"notificationType\":\"Delivery\"", AUTO_BOUNCE},
                 {"\"notificationType\":\"Complaint\"", AUTO_COMPLAINT}};

    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        if (strstr(text, KINDS[i].words) != NULL) {
            return KINDS[i].kind;
        }
    }
    return AUTO_NONE;
}

static bool take_notification(struct facts *facts)
{
    enum auto_kind kind = AUTO_NONE;

    /* The text is nothing but JSON; a person who quotes some says something before it. */
    if (facts->text[0] != '{' || strstr(facts->text, "notificationType") == NULL) {
        return false;
    }

    g_auto(GStrv) pieces = g_strsplit(facts->text, "\\\"", -1);
    g_autofree char *plain = g_strjoinv("\"", pieces);

    kind = notification_kind(plain);
    if (kind == AUTO_NONE) {
        return false;
    }
    decide(facts, kind, "a notification of a sending service");
    if (kind == AUTO_BOUNCE) {
        report_read_notification(plain, facts);
    }
    return true;
}

static bool take_bounce_text(const struct headers *headers, struct facts *facts)
{
    g_autofree char *failed = headers_text(headers, "X-Failed-Recipients");
    g_autofree char *submitted = token_of(headers, "Auto-Submitted");
    bool is_vacation = submitted != NULL && strcmp(submitted, "auto-replied") == 0;
    bool is_server = is_from_server(facts) || (is_null_path(facts) && !is_vacation);

    if (take_notification(facts)) {
        return true;
    }
    if (failed != NULL) {
        decide_by(facts, AUTO_BOUNCE, "X-Failed-Recipients", failed);
    } else if (is_server && report_is_bounce_text(facts->subject, facts->text)) {
        decide(facts, AUTO_BOUNCE, "a mail server says that a mail was not delivered");
    }
    if (facts->auto_kind == AUTO_BOUNCE) {
        report_read_text(failed, facts->subject, facts->text, facts);
    }
    return facts->auto_kind != AUTO_NONE;
}

/* ---- header fields ----------------------------------------------------------------------------- */

/* What mail programs put in front of the Subject of an automatic reply; Exchange then says
 * "auto-generated", or nothing at all. */
static bool has_reply_subject(const struct facts *facts)
{
    static const char *const PREFIXES[] = {
        "Automatic reply:",
        "Auto-Reply:",
        "AutoReply:",
        "Autoreply:",
        "Out of Office:",
        "Out of Office AutoReply:",
        "Automatische Antwort:",
        "Abwesenheitsnotiz:",
        "Abwesenheit:",
        "R\u00e9ponse automatique",
        "Respuesta autom\u00e1tica",
        "Risposta automatica:",
        "Automatisch antwoord:",
        "Resposta autom\u00e1tica",
        "Autosvar:",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(PREFIXES); i++) {
        if (g_ascii_strncasecmp(facts->subject, PREFIXES[i], strlen(PREFIXES[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* RFC 3834 section 5; *is_human_out: the field says "no". */
static bool take_auto_submitted(const struct headers *headers, struct facts *facts,
                                bool *is_human_out)
{
    g_autofree char *token = token_of(headers, "Auto-Submitted");

    *is_human_out = token != NULL && strcmp(token, "no") == 0;
    if (token == NULL || *is_human_out) {
        return false;
    }
    bool is_reply = strcmp(token, "auto-replied") == 0 || has_reply_subject(facts);

    decide_by(facts, is_reply ? AUTO_REPLIED : AUTO_GENERATED, "Auto-Submitted", token);
    return true;
}

static bool take_autoreply(const struct headers *headers, struct facts *facts)
{
    static const char *const NAMES[] = {"X-Autoreply",      "X-Autorespond",    "X-Autoresponder",
                                        "X-Auto-Reply",     "X-AutoReply-From", "X-Mail-Autoreply",
                                        "X-Autoreply-From", "X-Vacation",       "X-Out-Of-Office"};

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *token = token_of(headers, NAMES[i]);

        if (token != NULL && strcmp(token, "no") != 0 && strcmp(token, "false") != 0) {
            decide_by(facts, AUTO_REPLIED, NAMES[i], token);
            return true;
        }
    }
    if (has_reply_subject(facts)) {
        decide_by(facts, AUTO_REPLIED, "Subject", facts->subject);
        return true;
    }
    return false;
}

static bool take_precedence(const struct headers *headers, struct facts *facts)
{
    static const char *const BULK[] = {"bulk", "junk", NULL};
    static const char *const REPLY[] = {"auto_reply", "auto-reply", "autoreply", NULL};
    g_autofree char *token = token_of(headers, "Precedence");

    if (token == NULL) {
        token = token_of(headers, "X-Precedence");
    }
    if (token == NULL) {
        return false;
    }
    if (is_one_of(token, BULK)) {
        decide_by(facts, AUTO_BULK, "Precedence", token);
    } else if (is_one_of(token, REPLY)) {
        decide_by(facts, AUTO_REPLIED, "Precedence", token);
    } else if (strcmp(token, "list") == 0) {
        decide_by(facts, AUTO_LIST, "Precedence", token);
    }
    return facts->auto_kind != AUTO_NONE;
}

static bool take_list(const struct headers *headers, struct facts *facts)
{
    static const struct {
        const char *name;
        enum auto_kind kind;
    } FIELDS[] = {{"List-Id", AUTO_LIST},      {"List-Post", AUTO_LIST},
                  {"Mailing-List", AUTO_LIST}, {"X-Mailing-List", AUTO_LIST},
                  {"X-BeenThere", AUTO_LIST},  {"List-Unsubscribe", AUTO_BULK},
                  {"Feedback-ID", AUTO_BULK},  {"X-CSA-Complaints", AUTO_BULK}};

    for (size_t i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        if (headers_get(headers, FIELDS[i].name, 0) != NULL) {
            decide(facts, FIELDS[i].kind, FIELDS[i].name);
            return true;
        }
    }
    return false;
}

/* X-Auto-Response-Suppress (MS-OXCMAIL): "None" says nothing, receipts alone do not concern us. */
static bool take_suppress(const struct headers *headers, struct facts *facts)
{
    g_autofree char *value = headers_text(headers, "X-Auto-Response-Suppress");
    g_autofree char *lower = value == NULL ? NULL : g_ascii_strdown(value, -1);

    if (lower == NULL || (strstr(lower, "all") == NULL && strstr(lower, "oof") == NULL &&
                          strstr(lower, "autoreply") == NULL)) {
        return false;
    }
    decide_by(facts, AUTO_GENERATED, "X-Auto-Response-Suppress", value);
    return true;
}

/* Other help desks mark what they send, so that they can see it come back. */
static bool take_loop(const struct headers *headers, struct facts *facts)
{
    static const char *const NAMES[] = {"X-Loop",
                                        "X-No-Loop",
                                        "X-OTRS-Loop",
                                        "X-OTOBO-Loop",
                                        "X-Znuny-Loop",
                                        "X-RT-Loop-Prevention",
                                        "X-Request-Tracker-Loop"};

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autofree char *value = headers_text(headers, NAMES[i]);

        if (value != NULL && g_ascii_strcasecmp(value, "no") != 0 && *value != '\0') {
            decide_by(facts, AUTO_GENERATED, NAMES[i], value);
            return true;
        }
    }
    return false;
}

static bool take_sender(struct facts *facts)
{
    static const char *const NAMES[] = {"no-reply",       "noreply",    "no_reply",
                                        "do-not-reply",   "donotreply", "do_not_reply",
                                        "nicht-antworten"};

    if (is_null_path(facts)) {
        decide(facts, AUTO_GENERATED, "a null return path");
    } else if (is_from_server(facts)) {
        decide(facts, AUTO_GENERATED, "a mail server's address");
    }
    for (size_t i = 0; facts->from != NULL && i < G_N_ELEMENTS(NAMES); i++) {
        size_t length = strlen(NAMES[i]);
        const char *address = facts->from->address;

        if (facts->auto_kind == AUTO_NONE && g_ascii_strncasecmp(address, NAMES[i], length) == 0 &&
            !g_ascii_isalnum(address[length])) {
            decide(facts, AUTO_BULK, "a sender that takes no replies");
        }
    }
    return facts->auto_kind != AUTO_NONE;
}

void classify_mail(const struct mime *mime, struct facts *facts)
{
    const struct headers *headers = &mime->root->headers;
    bool is_human = false;

    if (take_report(mime->root, facts) || take_bounce_text(headers, facts)) {
        if (facts->auto_kind == AUTO_BOUNCE) {
            facts->bounced_id = report_returned_id(mime->root, facts->text);
        }
        return;
    }
    if (take_auto_submitted(headers, facts, &is_human)) {
        return;
    }
    if (take_autoreply(headers, facts) || take_list(headers, facts) ||
        take_precedence(headers, facts) || take_loop(headers, facts) || is_human) {
        return;
    }
    if (!take_suppress(headers, facts)) {
        take_sender(facts);
    }
}
