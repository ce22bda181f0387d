/* outsize - what is too large: for a comment, to come in, to go out
 *
 * What of a mail does not stand in its comment is named there: words beyond the limit by "…", files by a line.
 *
 * Mail servers refuse what is too large after it was sent to them, so it has to be known before: when a
 * technician's answer is decided on (what cannot go out to the contacts in full does not go at all, and he is
 * told what to leave out), and when a notice is written (files of contacts that do not fit are named in it).
 * Both ask here, and both err to the same side: nothing that was planned as fitting is left out later.
 *
 *     a text       quoted-printable at its worst: three bytes of one; and its page (message/rich)
 *     a file       base64: 78 bytes for 57, and PART_BYTES for its header, whatever its name
 *     the rest     HEAD_BYTES: header, references, the words around the text, the page around them, boundaries
 *
 * Pure.
 */
#include "desk/outsize.h"

#include <inttypes.h>
#include <string.h>

#include "core/limits.h"
#include "core/text.h"

#define TEXT_GROWTH      (3 + LIMIT_PAGE_GROWTH)
#define ENCODED_LINE     57
#define ENCODED_LINE_OUT 78
#define PART_BYTES       2048 /* names of 255 characters, encoded, twice */
#define HEAD_BYTES       65536
#define LINE_BYTES       64 /* "attachments left out: 12" and the empty line above it */
#define FILES_NAMED      10
#define BYTES_PER_MB     1048576

/* ---- in ---------------------------------------------------------------------------------------- */

char *outsize_names(const struct facts *facts)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < facts->attachments->len; i++) {
        const struct attachment *attachment = facts->attachments->pdata[i];
        g_string_append_printf(names, "%s%s", i == 0 ? "" : ", ", attachment->name);
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

uint64_t outsize_megabytes(const struct records *records)
{
    return (records->bytes + BYTES_PER_MB / 2) / BYTES_PER_MB;
}

char *outsize_left_out(const struct facts *facts, const struct records *records)
{
    g_autofree char *names = outsize_names(facts);

    if (!records->is_oversize) {
        return facts->attachments_left_out == 0
                   ? g_strdup("")
                   : g_strdup_printf("attachments left out: %u", facts->attachments_left_out);
    }
    g_autofree char *line = g_strdup_printf("attachments left out: %s%sabout %" PRIu64 " MB", names,
                                            names[0] != '\0' ? ", and more, " : "",
                                            outsize_megabytes(records));
    return text_cut(line, LIMIT_COMMENT_CHARS / 2, NULL);
}

char *outsize_comment(const struct facts *facts, const struct records *records, bool *is_cut_out)
{
    const char *words = facts->text[0] != '\0' ? facts->text : "(no text)";
    g_autofree char *line = outsize_left_out(facts, records);

    if (line[0] == '\0') {
        return text_cut(words, LIMIT_COMMENT_CHARS, is_cut_out);
    }
    g_autofree char *cut = text_cut(words, LIMIT_COMMENT_CHARS - text_chars(line) - 2, is_cut_out);

    return g_strconcat(cut, "\n\n", line, NULL);
}

/* ---- out --------------------------------------------------------------------------------------- */

int64_t outsize_limit(int64_t server_bytes)
{
    return server_bytes > 0 ? MIN(server_bytes, LIMIT_SEND_BYTES) : LIMIT_SEND_BYTES;
}

int64_t outsize_room(int64_t limit, size_t text_bytes)
{
    return limit - HEAD_BYTES - (int64_t)text_bytes * TEXT_GROWTH;
}

int64_t outsize_of_file(uint64_t bytes)
{
    uint64_t lines = MIN(bytes, LIMIT_SEND_BYTES) / ENCODED_LINE + 1;

    return (int64_t)lines * ENCODED_LINE_OUT + PART_BYTES;
}

static gint compare_sizes(gconstpointer a, gconstpointer b)
{
    const struct attachment *left = *(const struct attachment *const *)a;
    const struct attachment *right = *(const struct attachment *const *)b;

    return (left->bytes < right->bytes) - (left->bytes > right->bytes);
}

/* What is missing of the limit; at most 0 if everything fits. */
static int64_t excess_of(const struct facts *facts, int64_t limit)
{
    size_t text_bytes = strlen(facts->text);
    size_t line_bytes = facts->attachments_left_out > 0 ? LINE_BYTES : 0;
    size_t comment_bytes = MIN(text_bytes + line_bytes, (size_t)LIMIT_COMMENT_CHARS * 4);
    int64_t excess = -outsize_room(limit, comment_bytes);

    for (guint i = 0; i < facts->attachments->len; i++) {
        excess += outsize_of_file(((const struct attachment *)facts->attachments->pdata[i])->bytes);
    }
    /* A text that is longer than a comment is a file besides. */
    if (text_chars(facts->text) > LIMIT_COMMENT_CHARS - line_bytes &&
        facts_whole_text(facts) == NULL) {
        excess += outsize_of_file(text_bytes);
    }
    return excess;
}

char *outsize_files_to_drop(const struct facts *facts, int64_t limit)
{
    int64_t excess = excess_of(facts, limit);
    g_autoptr(GPtrArray) files = g_ptr_array_copy(facts->attachments, NULL, NULL);
    g_autoptr(GString) names = g_string_new(NULL);
    guint dropped = 0;

    g_ptr_array_set_free_func(files, NULL);
    g_ptr_array_sort(files, compare_sizes);
    for (; excess > 0 && dropped < files->len; dropped++) {
        const struct attachment *file = files->pdata[dropped];
        g_autofree char *size = text_bytes(file->bytes);

        if (dropped < FILES_NAMED) {
            g_string_append_printf(names, "%s%s (%s)", dropped == 0 ? "" : ", ", file->name, size);
        }
        excess -= outsize_of_file(file->bytes);
    }
    if (dropped > FILES_NAMED) {
        g_string_append_printf(names, " and %u more", dropped - FILES_NAMED);
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}
