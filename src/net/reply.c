/* reply - what an SMTP server answered, for the record and for the decision
 *
 *     reply    = *( code "-" text CRLF ) code [ SP text ] CRLF        ; RFC 5321 section 4.2
 *     text     = [ class "." subject "." detail SP ] words            ; RFC 2034, RFC 3463
 *
 * An answer of several lines becomes one text: the code once, the enhanced code once, then the words.
 * The text is a stranger's: it is scrubbed to UTF-8 on one line and cut at LIMIT_REPLY_CHARS, so that it
 * can be stored, logged and shown. The decision is made by the code alone; where the enhanced code is
 * of another class than the code (some servers say "550 4.2.1") it is kept for people but decides
 * nothing.
 *
 * Not here: what an answer means for a mail (net/smtp).
 * Pure: no I/O.
 */
#include "net/reply.h"

#include <string.h>

#include <glib.h>

#include "core/text.h"

/* "250-", "250 " or "250"; 0 where it is none of them. */
static int read_code(const char *line, size_t length)
{
    if (length < 3 || line[0] < '2' || line[0] > '5' || !g_ascii_isdigit(line[1]) ||
        !g_ascii_isdigit(line[2]) || (length > 3 && line[3] != ' ' && line[3] != '-')) {
        return 0;
    }
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* The length of "5.1.1" at the start of words, 0 where there is none: 1, 1 to 3 and 1 to 3 digits. */
static size_t enhanced_length(const char *words, size_t length)
{
    size_t at = 0;

    for (int part = 0; part < 3; part++) {
        size_t most = part == 0 ? 1 : 3;
        size_t digits = 0;
        if (part > 0 && (at >= length || words[at++] != '.')) {
            return 0;
        }
        while (at + digits < length && g_ascii_isdigit(words[at + digits])) {
            digits++;
        }
        if (digits == 0 || digits > most) {
            return 0;
        }
        at += digits;
    }
    return at == length || words[at] == ' ' ? at : 0;
}

static void add_text(struct reply *reply, const char *words, size_t length)
{
    g_autofree char *scrubbed = text_scrub(words, (gssize)length);
    g_autofree char *joined = g_strdup_printf("%s %s", reply->text, scrubbed);
    g_autofree char *line = text_one_line(joined, LIMIT_REPLY_CHARS - 1);
    g_strlcpy(reply->text, line, sizeof reply->text);
}

bool reply_add(struct reply *reply, const char *line, size_t length)
{
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) {
        length--;
    }
    if (reply->is_complete) {
        *reply = (struct reply){.code = 0};
    }
    int code = read_code(line, length);
    if (code == 0) {
        add_text(reply, line, length);
        reply->code = 0;
        reply->is_complete = true;
        return true;
    }
    bool is_first = reply->text[0] == '\0';
    const char *words = line + MIN(length, 4);
    size_t left = length - MIN(length, 4);
    size_t enhanced = enhanced_length(words, left);
    if (is_first) {
        reply->code = code;
        memcpy(reply->text, line, 3);
        reply->text[3] = '\0';
        memcpy(reply->enhanced, words, enhanced);
        reply->enhanced[enhanced] = '\0';
    } else if (enhanced > 0) {
        words += enhanced;
        left -= enhanced;
    }
    add_text(reply, words, left);
    reply->is_complete = length <= 3 || line[3] == ' ';
    return reply->is_complete;
}

int reply_class(const struct reply *reply)
{
    return reply->code / 100;
}
