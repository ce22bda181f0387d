/* scan - white space, comments, quoted strings and atoms of header fields
 *
 * Address fields, Authentication-Results, Content-Type and Message-IDs are all made of the same few
 * tokens, and most of the tricks played with them live in the places between: comments within
 * comments, escaped quotes, folding. They are read here once, for every parser of this layer.
 *
 *     CFWS          = *(WSP / CR / LF / comment)
 *     comment       = "(" *(char / "\" char / comment) ")"
 *     quoted-string = DQUOTE *(char / "\" char) DQUOTE
 *     atom          = 1*atext                             ; RFC 5322 section 3.2
 *     token         = 1*<any CHAR except SPACE, CTLs, or tspecials>   ; RFC 2045 section 5.1
 *
 * Folding is white space here: a caller that cares whether a CR stood alone looks at the raw bytes.
 * Linear in its input, without recursion. Pure.
 */
#include "message/scan.h"

#include <string.h>

struct scan scan_of(const char *text)
{
    return (struct scan){.at = text, .end = text + strlen(text)};
}

char scan_peek(const struct scan *scan)
{
    if (scan->at == scan->end) {
        return '\0';
    }
    return *scan->at;
}

bool scan_take(struct scan *scan, char byte)
{
    if (scan->at == scan->end || *scan->at != byte) {
        return false;
    }
    scan->at++;
    return true;
}

bool scan_is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

bool scan_is_atext(char byte)
{
    return g_ascii_isalnum(byte) || (byte != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", byte) != NULL);
}

static bool is_token_byte(char byte)
{
    return byte > ' ' && byte < 0x7F && strchr("()<>@,;:\\\"/[]?=", byte) == NULL;
}

/* Step over one comment, at whose "(" the scan is. */
static bool skip_comment(struct scan *scan, GString *comment)
{
    size_t depth = 0;

    if (comment != NULL && comment->len > 0) {
        g_string_append_c(comment, ' ');
    }
    while (scan->at < scan->end) {
        char byte = *scan->at++;
        bool is_escaped = byte == '\\' && scan->at < scan->end;

        if (is_escaped) {
            byte = *scan->at++;
        } else if (byte == '(') {
            depth++;
        } else if (byte == ')') {
            depth--;
        }
        if (depth == 0 && !is_escaped) {
            return true;
        }
        if (comment != NULL && !(depth == 1 && !is_escaped && byte == '(')) {
            g_string_append_c(comment, byte);
        }
    }
    return false;
}

bool scan_cfws(struct scan *scan, GString *comment)
{
    while (scan->at < scan->end) {
        if (scan_is_space(*scan->at)) {
            scan->at++;
        } else if (*scan->at == '(') {
            if (!skip_comment(scan, comment)) {
                return false;
            }
        } else {
            break;
        }
    }
    return true;
}

bool scan_quoted(struct scan *scan, GString *out)
{
    if (!scan_take(scan, '"')) {
        return false;
    }
    while (scan->at < scan->end) {
        char byte = *scan->at++;

        if (byte == '"') {
            return true;
        }
        if (byte == '\\' && scan->at < scan->end) {
            byte = *scan->at++;
        }
        g_string_append_c(out, byte);
    }
    return false;
}

static bool take_run(struct scan *scan, bool (*is_member)(char), GString *out)
{
    const char *from = scan->at;

    while (scan->at < scan->end && is_member(*scan->at)) {
        scan->at++;
    }
    g_string_append_len(out, from, scan->at - from);
    return scan->at > from;
}

bool scan_atom(struct scan *scan, GString *out)
{
    return take_run(scan, scan_is_atext, out);
}

bool scan_token(struct scan *scan, GString *out)
{
    return take_run(scan, is_token_byte, out);
}
