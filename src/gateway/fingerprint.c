/* fingerprint - what makes two mails one
 *
 * A mail reaches a desk twice: fetched again after a crash, delivered to two of its mailboxes, sent to a
 * list and to the desk. The copies differ in trace headers, in folding and in line ends, never in what the
 * sender wrote; so the fingerprint covers that:
 *
 *     with a Message-ID   Message-ID, From, Date, Subject (all of each, in this order), then the body
 *     without             everything
 *
 * Without a Message-ID two mails may be equal in all that the sender wrote and still be two ("backup failed",
 * every night): their Received lines tell them apart, and a second fetch of one is still the same.
 *
 * Headers are unfolded with every run of blanks as one, lines end in CRLF. The version byte in front
 * names these rules; a change of them needs a new one, or old mails would come back as new.
 *
 *     field = name *WSP ":" value *( CRLF WSP value ) CRLF      ; RFC 5322 section 2.2, LF as well
 *
 * No mail parser: fetch reads foreign bytes outside of the jail, so this scan knows lines and nothing else.
 * Evidence it is not: anyone can write a copy. Pure: no I/O.
 */
#include "gateway/fingerprint.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

enum { VERSION = 1 };

static const char *const NAMES[] = {"message-id", "from", "date", "subject"};

/* The part of a mail between two places. */
struct span {
    const char *at;
    const char *end;
};

/* A header, with its folds; the last line's end included. */
struct field {
    struct span name;
    struct span value;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Behind the line feed of the line at `at`, or the end. */
static const char *line_end(const char *at, const char *end)
{
    const char *feed = memchr(at, '\n', (size_t)(end - at));
    return feed ? feed + 1 : end;
}

static bool is_empty_line(const char *at, const char *end)
{
    return at < end && (*at == '\n' || (*at == '\r' && end - at > 1 && at[1] == '\n'));
}

/* Take the next header off `rest`. False at the empty line, which stays, or at the end. Lines that are
 * no header give a field without a name. */
static bool next_field(struct span *rest, struct field *field_out)
{
    const char *begin = rest->at;
    if (begin >= rest->end || is_empty_line(begin, rest->end)) {
        return false;
    }
    const char *end = line_end(begin, rest->end);
    while (end < rest->end && is_blank(*end)) {
        end = line_end(end, rest->end);
    }
    const char *colon = memchr(begin, ':', (size_t)(end - begin));
    const char *name_end = colon ? colon : begin;
    while (name_end > begin && is_blank(name_end[-1])) {
        name_end--;
    }
    *field_out = (struct field){{begin, name_end}, {colon ? colon + 1 : end, end}};
    rest->at = end;
    return true;
}

static bool has_name(const struct field *field, const char *name)
{
    size_t length = (size_t)(field->name.end - field->name.at);
    return length == strlen(name) && g_ascii_strncasecmp(field->name.at, name, length) == 0;
}

static bool is_space(char c)
{
    return is_blank(c) || c == '\r' || c == '\n';
}

static bool has_content(struct span value)
{
    while (value.at < value.end && is_space(*value.at)) {
        value.at++;
    }
    return value.at < value.end;
}

static void add(GChecksum *sum, const char *bytes, size_t length)
{
    g_checksum_update(sum, (const guchar *)bytes, (gssize)length);
}

/* name ":" and the words of the value with one blank in front of each. */
static void add_field(GChecksum *sum, const char *name, struct span value)
{
    add(sum, name, strlen(name));
    add(sum, ":", 1);
    while (value.at < value.end) {
        const char *word = value.at;
        while (word < value.end && is_space(*word)) {
            word++;
        }
        const char *end = word;
        while (end < value.end && !is_space(*end)) {
            end++;
        }
        if (end > word) {
            add(sum, " ", 1);
            add(sum, word, (size_t)(end - word));
        }
        value.at = end;
    }
    add(sum, "\r\n", 2);
}

/* Bytes with CRLF for every bare LF. Mail from IMAP has none, so that this is mostly one update. */
static void add_lines(GChecksum *sum, struct span text)
{
    const char *from = text.at;
    for (const char *at = text.at; at < text.end;) {
        const char *feed = memchr(at, '\n', (size_t)(text.end - at));
        if (!feed) {
            break;
        }
        if (feed == text.at || feed[-1] != '\r') {
            add(sum, from, (size_t)(feed - from));
            add(sum, "\r\n", 2);
            from = feed + 1;
        }
        at = feed + 1;
    }
    add(sum, from, (size_t)(text.end - from));
}

static bool has_message_id(struct span mail)
{
    struct field field;
    while (next_field(&mail, &field)) {
        if (has_name(&field, NAMES[0]) && has_content(field.value)) {
            return true;
        }
    }
    return false;
}

/* Where the body begins, with the empty line in front of it. */
static struct span body_of(struct span mail)
{
    struct field field;
    while (next_field(&mail, &field)) {
    }
    return mail;
}

static void add_known(GChecksum *sum, struct span mail)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        struct span rest = mail;
        struct field field;
        while (next_field(&rest, &field)) {
            if (has_name(&field, NAMES[i])) {
                add_field(sum, NAMES[i], field.value);
            }
        }
    }
    add_lines(sum, body_of(mail));
}

void fingerprint_make(const void *raw, size_t length, uint8_t fingerprint_out[FINGERPRINT_BYTES])
{
    const char *bytes = raw ? raw : "";
    const struct span mail = {bytes, bytes + length};
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = FINGERPRINT_BYTES - 1;

    if (has_message_id(mail)) {
        add_known(sum, mail);
    } else {
        add_lines(sum, mail);
    }
    fingerprint_out[0] = VERSION;
    g_checksum_get_digest(sum, fingerprint_out + 1, &size);
}
