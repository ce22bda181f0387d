/* report - what delivery reports say
 *
 * Half of all bounces are RFC 3464 reports: groups of fields, the first about the mail, each further
 * one about a recipient. The other half are words of qmail, Exim, Exchange, Notes and many more. Of
 * those only what they share is used: they name the failed address near the top, quote the SMTP answer, and
 * the returned mail follows.
 *
 *     report   = fields 1*( empty line fields )             ; RFC 3464 section 2.1
 *     status   = ("2" / "4" / "5") "." 1*3DIGIT "." 1*3DIGIT ; RFC 3463, anywhere in the words
 *     reply    = ("4" / "5") 2DIGIT                         ; an SMTP answer, with a blank or "-" behind it
 *
 * All of it is a claim: anyone can write such a mail (RFC 3464 section 4.1). Which ticket it concerns
 * is decided by the token to which it was sent. Linear. Pure.
 */
#include "message/report.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"
#include "message/address.h"
#include "message/ids.h"
#include "message/mailbox.h"

#define FIELD_CHARS 500
/* Words further down than this are the returned mail, not the report. */
#define WORDS_BYTES     8192
#define TEXT_RECIPIENTS 20

const struct part *report_find(const struct part *part, const char *type)
{
    assert(part != NULL);
    if (part_is(part, type)) {
        return part;
    }
    for (guint i = 0; i < part->children->len; i++) {
        const struct part *found = report_find(g_ptr_array_index(part->children, i), type);

        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static void set_text(char **member, char *text)
{
    g_free(*member);
    *member = text;
}

/* ---- codes ------------------------------------------------------------------------------------- */

/* The digits at text, at most max; their count. */
static size_t digits(const char *text, size_t max)
{
    size_t count = 0;

    while (count < max && g_ascii_isdigit(text[count])) {
        count++;
    }
    return count;
}

/* The length of a status code at text, 0 if there is none. An address of the network is none. */
static size_t status_length(const char *text)
{
    size_t subject = 0;
    size_t detail = 0;

    if ((*text != '2' && *text != '4' && *text != '5') || text[1] != '.') {
        return 0;
    }
    subject = digits(text + 2, 3);
    if (subject == 0 || text[2 + subject] != '.') {
        return 0;
    }
    detail = digits(text + 3 + subject, 3);

    const char *behind = text + 3 + subject + detail;

    if (detail == 0 || g_ascii_isdigit(*behind) || (*behind == '.' && g_ascii_isdigit(behind[1]))) {
        return 0;
    }
    return (size_t)(behind - text);
}

static bool is_code_start(const char *text, const char *at)
{
    if (at - text > 1 && at[-1] == '-' && g_ascii_isdigit(at[-2])) {
        return true; /* "550-5.7.1" */
    }
    return at == text || !(g_ascii_isalnum(at[-1]) || at[-1] == '.' || at[-1] == '-');
}

/* The first failing status code in the words; else one made from the first SMTP answer; else "". */
static char *find_status(const char *text)
{
    char reply = '\0';

    for (const char *at = text; *at != '\0'; at++) {
        if (!is_code_start(text, at)) {
            continue;
        }

        size_t length = status_length(at);

        if (length > 0 && *at != '2') {
            return g_strndup(at, length);
        }
        if (reply == '\0' && (*at == '4' || *at == '5') && at[1] >= '0' && at[1] <= '5' &&
            digits(at, 4) == 3 && at[3] != '\0' && strchr(" -:\n", at[3]) != NULL) {
            reply = *at;
        }
    }
    return reply == '\0' ? g_strdup("") : g_strdup_printf("%c.0.0", reply);
}

/* ---- RFC 3464 ---------------------------------------------------------------------------------- */

/* "rfc822; anna@acme.example" without its type, or NULL. */
static char *typed_value(const struct headers *group, const char *name)
{
    g_autofree char *value = headers_text(group, name);

    if (value == NULL) {
        return NULL;
    }

    const char *semicolon = strchr(value, ';');
    g_autofree char *line = text_one_line(semicolon == NULL ? value : semicolon + 1, FIELD_CHARS);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)address_free);

    originator_list_text(line, NULL, list);
    if (list->len == 1) {
        return g_strdup(((struct address *)g_ptr_array_index(list, 0))->address);
    }
    return g_steal_pointer(&line);
}

/* The first word of a field in lower case. */
static char *word_value(const struct headers *group, const char *name)
{
    g_autofree char *value = headers_text(group, name);
    g_autofree char *line = value == NULL ? NULL : text_one_line(value, FIELD_CHARS);

    if (line == NULL) {
        return g_strdup("");
    }
    line[strcspn(line, " ;(")] = '\0';
    return g_ascii_strdown(line, -1);
}

static void add_group(const struct headers *group, struct facts *facts)
{
    g_autofree char *recipient = typed_value(group, "Original-Recipient");
    g_autofree char *diagnostic = headers_text(group, "Diagnostic-Code");
    struct bounce *bounce = NULL;

    if (recipient == NULL || strchr(recipient, '@') == NULL) {
        g_autofree char *final = typed_value(group, "Final-Recipient");

        g_free(recipient);
        recipient = g_steal_pointer(&final);
    }
    if ((recipient == NULL && headers_get(group, "Action", 0) == NULL) ||
        facts->bounces->len == LIMIT_RECIPIENTS) {
        return;
    }
    bounce = bounce_new();
    set_text(&bounce->recipient, g_strdup(recipient == NULL ? "" : recipient));
    set_text(&bounce->action, word_value(group, "Action"));
    set_text(&bounce->status, word_value(group, "Status"));
    if (diagnostic != NULL) {
        const char *semicolon = strchr(diagnostic, ';');
        const char *words = semicolon == NULL ? diagnostic : semicolon + 1;

        set_text(&bounce->diagnostic, text_one_line(words, FIELD_CHARS));
    }
    if (status_length(bounce->status) == 0) {
        set_text(&bounce->status, find_status(bounce->diagnostic));
    }
    g_ptr_array_add(facts->bounces, bounce);
}

void report_read_status(const struct part *status, struct facts *facts)
{
    g_autoptr(GByteArray) bytes = parts_decode(status);
    const char *at = bytes->len == 0 ? "" : (const char *)bytes->data;
    const char *end = at + bytes->len;

    while (at < end) {
        struct headers group = {NULL};
        struct err ignored;

        while (at < end && (*at == '\r' || *at == '\n')) {
            at++;
        }
        if (headers_scan(at, (size_t)(end - at), &group, &ignored) != ST_OK) {
            return;
        }

        bool is_stuck = group.body_at == 0;

        add_group(&group, facts);
        at += group.body_at;
        headers_clear(&group);
        if (is_stuck) {
            const char *lf = memchr(at, '\n', (size_t)(end - at));

            at = lf == NULL ? end : lf + 1;
        }
    }
}

/* ---- words ------------------------------------------------------------------------------------- */

static bool has_any(const char *lower, const char *const *phrases)
{
    for (; *phrases != NULL; phrases++) {
        if (strstr(lower, *phrases) != NULL) {
            return true;
        }
    }
    return false;
}

static const char *const BOUNCE_SUBJECTS[] = {"undeliver",
                                              "delivery status not",
                                              "delivery fail",
                                              "delivery has failed",
                                              "failed delivery",
                                              "failure delivery",
                                              "delivery error",
                                              "delivery problem",
                                              "delivery report",
                                              "delivery not",
                                              "failure notice",
                                              "returned mail",
                                              "mail failure",
                                              "mail failed",
                                              "mail system error",
                                              "returning message",
                                              "returned to sender",
                                              "could not be delivered",
                                              "could not send",
                                              "not delivered",
                                              "cannot be delivered",
                                              "nondeliverable",
                                              "non-deliver",
                                              "message delayed",
                                              "delivery delayed",
                                              "delivery failure",
                                              "failure delivery",
                                              "mail delivery",
                                              "errors from",
                                              "unzustellbar",
                                              "nicht zugestellt",
                                              "zustellung",
                                              "non remis",
                                              "échec",
                                              "non recapitat",
                                              "mancato recapito",
                                              "no entregado",
                                              "no se ha podido",
                                              "не доставлено",
                                              "配信",
                                              "送信",
                                              "エラー",
                                              NULL};

static const char *const BOUNCE_WORDS[] = {"could not be delivered",
                                           "couldn't be delivered",
                                           "was not delivered",
                                           "not be delivered",
                                           "wasn't able to deliver",
                                           "was unable to deliver",
                                           "unable to deliver",
                                           "cannot deliver",
                                           "delivery failed",
                                           "delivery has failed",
                                           "delivery to the following",
                                           "did not reach",
                                           "has been delayed",
                                           "has not been delivered",
                                           "has not yet been delivered",
                                           "failed permanently",
                                           "permanent error",
                                           "permanent fatal errors",
                                           "undeliverable",
                                           "undelivered",
                                           "user unknown",
                                           "unknown user",
                                           "no such user",
                                           "invalid user address",
                                           "mailbox full",
                                           "mailbox is full",
                                           "mailbox unavailable",
                                           "message rejected",
                                           "was rejected",
                                           "rejected by",
                                           "returned message",
                                           "returning your message",
                                           "returned to sender",
                                           "sorry, i couldn't find",
                                           "i'm afraid i wasn't able",
                                           "delivery error",
                                           "failure reasons",
                                           "transcript of session",
                                           "original message follows",
                                           "bouncetype",
                                           "nicht zugestellt",
                                           "konnte nicht zugestellt",
                                           "host unknown",
                                           "over quota",
                                           "will not be delivered",
                                           NULL};

static const char *const DELAY_WORDS[] = {
    "delayed",    "delay",    "not yet been delivered", "will be retried",
    "will retry", "warning:", "still trying",           "no action is required",
    NULL};

/* The part of the words that is the report, in lower case. */
static char *report_words(const char *text)
{
    size_t length = strnlen(text, WORDS_BYTES);

    while (length > 0 && (text[length] & 0xC0) == 0x80) {
        length--;
    }
    return g_utf8_strdown(text, (gssize)length);
}

bool report_is_bounce_text(const char *subject, const char *text)
{
    g_autofree char *lower = g_utf8_strdown(subject, -1);
    g_autofree char *words = report_words(text);

    return has_any(lower, BOUNCE_SUBJECTS) || has_any(words, BOUNCE_WORDS);
}

/* Where the returned mail begins in the words: at a run of header fields, or at what announces it. */
static size_t returned_at(const char *text)
{
    static const char *const MARKS[] = {"below this line is a copy",
                                        "this is a copy of the message",
                                        "original message",
                                        "returned message",
                                        "original headers",
                                        "message header",
                                        "headers of the message",
                                        "the following is a copy",
                                        "copy of your message",
                                        "returned content",
                                        "unsent message",
                                        "\nreceived: ",
                                        NULL};
    g_autofree char *words = report_words(text);
    size_t at = strlen(words);

    for (size_t i = 0; MARKS[i] != NULL; i++) {
        const char *found = strstr(words, MARKS[i]);

        if (found != NULL && (size_t)(found - words) < at && found > words) {
            at = (size_t)(found - words);
        }
    }
    return at;
}

static bool is_address_byte(char byte)
{
    return byte != '\0' && (g_ascii_isalnum(byte) || strchr(".@!#$%&'*+-/=?^_`{|}~", byte) != NULL);
}

static bool is_listed(const struct facts *facts, const char *address)
{
    for (guint i = 0; i < facts->bounces->len; i++) {
        const struct bounce *bounce = g_ptr_array_index(facts->bounces, i);

        if (g_ascii_strcasecmp(bounce->recipient, address) == 0) {
            return true;
        }
    }
    for (guint i = 0; i < facts->to->len; i++) {
        const struct address *to = g_ptr_array_index(facts->to, i);

        if (g_ascii_strcasecmp(to->address, address) == 0) {
            return true;
        }
    }
    return facts->from != NULL && g_ascii_strcasecmp(facts->from->address, address) == 0;
}

static void add_recipient(struct facts *facts, const char *address)
{
    struct bounce *bounce = bounce_new();

    set_text(&bounce->recipient, g_strdup(address));
    g_ptr_array_add(facts->bounces, bounce);
}

/* Does the label in front of a colon announce a recipient ("RCPT TO:", "Could not be delivered to:")? A line
 * that begins with the address has none. */
static bool is_recipient_label(const char *line, size_t length)
{
    static const char *const WORDS[] = {"to",   "recipient", "rcpt", "address",
                                        "user", "mailbox",   NULL};
    g_autofree char *label = g_ascii_strdown(line, (gssize)length);

    return *g_strstrip(label) == '\0' || has_any(label, WORDS);
}

/* Is the address at `from` the one that is told about, and not part of an answer or a signature? It stands
 * at the start of a line, behind a label for recipients, or behind "to". */
static bool is_subject_of_report(const char *text, const char *from)
{
    const char *before = from;
    const char *line = from;

    while (before > text && strchr(" \t<\"'(", before[-1]) != NULL) {
        before--;
    }
    while (line > text && line[-1] != '\n') {
        line--;
    }
    if (before <= line) {
        return true;
    }
    if (before[-1] == ':') {
        return is_recipient_label(line, (size_t)(before - 1 - line));
    }
    return before - line >= 3 && g_ascii_strncasecmp(before - 2, "to", 2) == 0;
}

/* Addresses in the words above the returned mail, which stand where recipients stand. */
static void find_recipients(const char *text, struct facts *facts)
{
    for (const char *at = strchr(text, '@'); at != NULL; at = strchr(at + 1, '@')) {
        const char *from = at;
        const char *to = at + 1;

        while (from > text && is_address_byte(from[-1]) && from[-1] != '@') {
            from--;
        }
        while (is_address_byte(*to) && *to != '@') {
            to++;
        }
        while (to > at && (to[-1] == '.' || to[-1] == '-')) {
            to--;
        }

        g_autofree char *word = g_strndup(from, (gsize)(to - from));
        g_autofree char *address = NULL;
        struct err ignored;

        if (facts->bounces->len < TEXT_RECIPIENTS &&
            address_normalise(word, &address, &ignored) == ST_OK && !is_listed(facts, address) &&
            is_subject_of_report(text, from)) {
            add_recipient(facts, address);
        }
    }
}

static void add_failed_recipients(const char *failed, struct facts *facts)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)address_free);

    originator_list_text(failed, NULL, list);
    for (guint i = 0; i < list->len && facts->bounces->len < TEXT_RECIPIENTS; i++) {
        const struct address *address = g_ptr_array_index(list, i);

        add_recipient(facts, address->address);
    }
}

void report_read_text(const char *failed, const char *subject, const char *text,
                      struct facts *facts)
{
    g_autofree char *report = g_strndup(text, returned_at(text));
    g_autofree char *lower = g_utf8_strdown(report, -1);
    g_autofree char *lower_subject = g_utf8_strdown(subject, -1);
    g_autofree char *status = find_status(report);
    bool is_delay = status[0] != '5' &&
                    (has_any(lower_subject, DELAY_WORDS) || has_any(lower, DELAY_WORDS));

    if (failed != NULL) {
        add_failed_recipients(failed, facts);
    }
    if (facts->bounces->len == 0) {
        find_recipients(report, facts);
    }
    if (facts->bounces->len == 0) {
        g_ptr_array_add(facts->bounces, bounce_new());
    }
    for (guint i = 0; i < facts->bounces->len; i++) {
        struct bounce *bounce = g_ptr_array_index(facts->bounces, i);

        set_text(&bounce->action, g_strdup(is_delay ? "delayed" : "failed"));
        set_text(&bounce->status, g_strdup(status));
    }
}

/* ---- other forms ------------------------------------------------------------------------------- */

/* The text value of a key in JSON, from at on; *next_out is what follows it. No nesting is looked at: that
 * is enough to find recipients in a report. NULL if there is none. */
static char *json_text(const char *at, const char *key, const char **next_out)
{
    g_autofree char *quoted = g_strdup_printf("\"%s\":\"", key);
    const char *found = strstr(at, quoted);

    if (found == NULL) {
        return NULL;
    }
    found += strlen(quoted);
    *next_out = found + strcspn(found, "\"");
    return g_strndup(found, (gsize)(*next_out - found));
}

/* The addresses of "recipients":[…], of a report that all went well. */
static void read_delivered(const char *json, struct facts *facts)
{
    const char *list = strstr(json, "\"recipients\":[");
    const char *end = list == NULL ? NULL : strchr(list, ']');

    if (end == NULL) {
        return;
    }

    g_autofree char *text = g_strndup(strchr(list, '['), (gsize)(end - strchr(list, '[')));

    add_failed_recipients(g_strdelimit(text, "[\"", ' '), facts);
    for (guint i = 0; i < facts->bounces->len; i++) {
        struct bounce *bounce = g_ptr_array_index(facts->bounces, i);

        set_text(&bounce->action, g_strdup("delivered"));
        set_text(&bounce->status, g_strdup("2.0.0"));
    }
}

void report_read_notification(const char *json, struct facts *facts)
{
    const char *at = strstr(json, "\"bouncedRecipients\":");
    g_autofree char *address = NULL;

    if (at == NULL) {
        read_delivered(json, facts);
        return;
    }
    while ((address = json_text(at, "emailAddress", &at)) != NULL &&
           facts->bounces->len < TEXT_RECIPIENTS) {
        const char *next = at;
        g_autofree char *status = json_text(at, "status", &next);
        g_autofree char *line = text_one_line(address, FIELD_CHARS);

        add_recipient(facts, line);

        struct bounce *bounce = g_ptr_array_index(facts->bounces, facts->bounces->len - 1);

        set_text(&bounce->action, g_strdup("failed"));
        set_text(&bounce->status, find_status(status == NULL ? "" : status));
        g_clear_pointer(&address, g_free);
    }
}

bool report_is_junk_mail_complaint(const struct part *root)
{
    const struct part *mail = report_find(root, "message/rfc822");
    struct headers headers = {NULL};
    struct err ignored;

    if (mail == NULL || mail->transfer != TRANSFER_NONE ||
        headers_scan(mail->body, mail->body_length, &headers, &ignored) != ST_OK) {
        return false;
    }

    bool is_complaint = headers_get(&headers, "X-HmXmrOriginalRecipient", 0) != NULL;

    headers_clear(&headers);
    return is_complaint;
}

/* ---- the mail that came back ------------------------------------------------------------------- */

/* The Message-ID field in a header that stands somewhere in a text. */
static char *quoted_id(const char *text)
{
    const char *at = text;

    while ((at = strcasestr(at, "message-id:")) != NULL) {
        const char *value = at + strlen("message-id:");
        g_autofree char *line = g_strndup(value, strcspn(value + strspn(value, " \t\r\n"), "\n") +
                                                     strspn(value, " \t\r\n"));
        g_autoptr(GPtrArray) ids = ids_read(line);

        if (ids->len > 0) {
            return g_strdup(g_ptr_array_index(ids, 0));
        }
        at = value;
    }
    return NULL;
}

/* The Message-ID of an attached mail, or of a part that is a mail's header. */
static char *attached_id(const struct part *part)
{
    g_autoptr(GByteArray) bytes = parts_decode(part);
    const char *data = (const char *)bytes->data;
    struct headers headers = {NULL};
    struct err ignored;
    size_t skip = 0;

    while (skip < bytes->len && (data[skip] == '\r' || data[skip] == '\n')) {
        skip++;
    }
    if (skip == bytes->len ||
        headers_scan(data + skip, bytes->len - skip, &headers, &ignored) != ST_OK) {
        return NULL;
    }

    g_autofree char *value = headers_text(&headers, "Message-ID");

    headers_clear(&headers);
    if (value == NULL) {
        return NULL;
    }

    g_autoptr(GPtrArray) ids = ids_read(value);

    return ids->len == 0 ? NULL : g_strdup(g_ptr_array_index(ids, 0));
}

char *report_returned_id(const struct part *root, const char *text)
{
    static const char *const TYPES[] = {"message/rfc822", "message/global", "text/rfc822-headers",
                                        "message/rfc822-headers", "message/global-headers"};

    for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
        const struct part *part = report_find(root, TYPES[i]);
        char *id = part == NULL ? NULL : attached_id(part);

        if (id != NULL) {
            return id;
        }
    }
    return quoted_id(text);
}
