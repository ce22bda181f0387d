/* notice_file - a file on its way to somebody else
 *
 * People attach what they got from us: the mail itself, or a page with the addresses that they wrote to. In there stand
 * tokens, which let whoever reads them write as the one who had got them. So in everything that is text or a mail they
 * become "*", wherever a program may have hidden them: in UTF-16, around the soft line breaks of quoted-printable, and
 * in base64, which is undone and done again. What replaces them is as long as they were, so that no file breaks by it.
 *
 * Other files are what they are: a picture or an archive is not looked into.
 * Linear in the file's length. Pure.
 */
#include "gateway/notice_file.h"

#include <string.h>

#include "desk/token.h"

#define BASE64_LINE 40 /* shorter lines, of words, are no base64 */

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

static bool has_ending(const char *name, const char *const *endings)
{
    for (; *endings != NULL; endings++) {
        size_t length = strlen(name);
        size_t ending = strlen(*endings);

        if (length >= ending && g_ascii_strcasecmp(name + length - ending, *endings) == 0) {
            return true;
        }
    }
    return false;
}

/* Mails by their type, or by the name that mail programs save them under. */
static bool is_mail(const struct due_attachment *file)
{
    static const char *const ENDINGS[] = {".eml", ".msg", ".mht", ".mhtml", ".mbox", NULL};

    return g_ascii_strncasecmp(file->type, "message/", strlen("message/")) == 0 ||
           has_ending(file->name, ENDINGS);
}

static bool is_text(const struct due_attachment *file)
{
    static const char *const ENDINGS[] = {".txt", ".htm", ".html", NULL};

    return g_ascii_strncasecmp(file->type, "text/", strlen("text/")) == 0 ||
           has_ending(file->name, ENDINGS);
}

/* ---- base64 ------------------------------------------------------------------------------------ */

/* The length of the line at at, if nothing but base64 stands on it; 0: something else does. */
static size_t base64_line(const char *at, const char *end)
{
    const char *start = at;

    while (at < end && *at != '\0' && strchr(BASE64, *at) != NULL) {
        at++;
    }
    return at == end || *at == '\r' || *at == '\n' ? (size_t)(at - start) : 0;
}

/* The end of a block of lines: one long line and what follows it. */
static char *block_end(char *block, const char *end)
{
    char *at = block;

    for (size_t line = base64_line(at, end); line > 0; line = base64_line(at, end)) {
        at += line;
        at += at < end && *at == '\r';
        at += at < end && *at == '\n';
    }
    return at;
}

/* Undo a block, and do it again on the same lines if a token was in it. */
static void mask_block(char *block, const char *end)
{
    g_autoptr(GString) joined = g_string_sized_new((gsize)(end - block));
    gsize length = 0;

    for (const char *at = block; at < end; at++) {
        if (*at != '\r' && *at != '\n') {
            g_string_append_c(joined, *at);
        }
    }
    g_autofree guchar *bytes = g_base64_decode(joined->str, &length);

    if (!token_mask((char *)bytes, length)) {
        return;
    }
    g_autofree char *again = g_base64_encode(bytes, length);
    const char *from = again;

    for (char *at = block; at < end && *from != '\0'; at++) {
        if (*at != '\r' && *at != '\n') {
            *at = *from++;
        }
    }
}

static void mask_base64(char *bytes, const char *end)
{
    for (char *line = bytes; line < end;) {
        if (base64_line(line, end) >= BASE64_LINE) {
            char *behind = block_end(line, end);

            mask_block(line, behind);
            line = behind;
        } else {
            char *next = memchr(line, '\n', (size_t)(end - line));

            line = next == NULL ? (char *)end : next + 1;
        }
    }
}

GBytes *notice_file_content(const struct due_attachment *file)
{
    gsize length = 0;
    const void *bytes = g_bytes_get_data(file->content, &length);

    if (length == 0 || (!is_text(file) && !is_mail(file))) {
        return g_bytes_ref(file->content);
    }

    char *copy = g_memdup2(bytes, length);

    token_mask(copy, length);
    if (is_mail(file)) {
        mask_base64(copy, copy + length);
    }
    return g_bytes_new_take(copy, length);
}
