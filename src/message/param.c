/* param - the value and the parameters of Content-Type and Content-Disposition
 *
 *     field     = value *( ";" name "=" text )
 *     name      = attribute ["*" number] ["*"]            ; RFC 2231 sections 3 and 4
 *     text      = quoted-string / 1*<anything but ";">    ; blanks too: "filename=my file.txt"
 *     extended  = charset "'" language "'" 1*( byte / "%" 2HEXDIG )
 *
 * A parameter in pieces ("name*0", "name*1*") is put together by their numbers up to the first gap, as
 * bytes, and only then converted, since a character may be cut between two pieces. A value that is
 * not extended may hold encoded words, against RFC 2047 section 5, because Outlook and others write
 * them; or raw 8-bit bytes. The first of two parameters with one name counts; an extended one beats a
 * plain one (RFC 6266 section 4.3 says why).
 *
 * At most LIMIT_PARAMETERS are looked at. Pure.
 */
#include "message/param.h"

#include <stdbool.h>
#include <string.h>

#include "core/limits.h"
#include "message/charset.h"
#include "message/rfc2047.h"
#include "message/scan.h"

/* One parameter as it stands in the field. */
struct piece {
    char *name; /* own: lower case, without the stars */
    char *text; /* own: quotes and escapes gone */
    int number; /* -1: not in pieces */
    bool is_extended;
};

static void piece_free(struct piece *piece)
{
    g_free(piece->name);
    g_free(piece->text);
    g_free(piece);
}

static void param_free(struct param *param)
{
    g_free(param->name);
    g_free(param->value);
    g_free(param);
}

void param_field_free(struct param_field *field)
{
    if (field == NULL) {
        return;
    }
    g_free(field->value);
    g_ptr_array_unref(field->params);
    g_free(field);
}

const char *param_get(const struct param_field *field, const char *name)
{
    for (guint i = 0; i < field->params->len; i++) {
        const struct param *param = g_ptr_array_index(field->params, i);

        if (strcmp(param->name, name) == 0) {
            return param->value;
        }
    }
    return NULL;
}

/* ---- the field as written ---------------------------------------------------------------------- */

/* Split "name*3*" into its parts. */
static void name_piece(struct piece *piece, char *name)
{
    size_t length = strlen(name);

    piece->number = -1;
    if (length > 1 && name[length - 1] == '*') {
        piece->is_extended = true;
        name[--length] = '\0';
    }

    char *star = strrchr(name, '*');

    if (star != NULL && star > name && strspn(star + 1, "0123456789") == strlen(star + 1) &&
        strlen(star + 1) > 0 && strlen(star + 1) < 5) {
        piece->number = (int)g_ascii_strtoll(star + 1, NULL, 10);
        *star = '\0';
    }
    piece->name = g_ascii_strdown(name, -1);
}

/* A value up to the ";" behind it. Quoted, or as it stands with the blanks around it cut. */
static char *take_text(struct scan *scan)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (scan_peek(scan) == '"') {
        const char *from = scan->at;

        if (scan_quoted(scan, text)) {
            return g_strdup(text->str);
        }
        scan->at = from + 1; /* not closed: up to the next ";" */
        g_string_truncate(text, 0);
    }
    while (scan->at < scan->end && *scan->at != ';') {
        g_string_append_c(text, *scan->at++);
    }
    return g_strstrip(g_strdup(text->str));
}

/* The parameter at the scan, or NULL if there is something else, which is stepped over. */
static struct piece *take_piece(struct scan *scan)
{
    const char *from = NULL;

    scan_cfws(scan, NULL);
    from = scan->at;
    while (scan->at < scan->end && *scan->at != '=' && *scan->at != ';') {
        scan->at++;
    }

    g_autofree char *name = g_strstrip(g_strndup(from, (gsize)(scan->at - from)));

    if (!scan_take(scan, '=') || *name == '\0') {
        return NULL;
    }
    while (scan->at < scan->end && scan_is_space(*scan->at)) {
        scan->at++;
    }

    struct piece *piece = g_new0(struct piece, 1);

    name_piece(piece, name);
    piece->text = take_text(scan);
    return piece;
}

static GPtrArray *take_pieces(struct scan *scan)
{
    GPtrArray *pieces = g_ptr_array_new_with_free_func((GDestroyNotify)piece_free);

    while (scan->at < scan->end && pieces->len < LIMIT_PARAMETERS) {
        struct piece *piece = take_piece(scan);

        if (piece != NULL) {
            g_ptr_array_add(pieces, piece);
        }
        while (scan->at < scan->end && *scan->at != ';') {
            scan->at++;
        }
        scan_take(scan, ';');
    }
    return pieces;
}

/* ---- decoding ---------------------------------------------------------------------------------- */

static void append_percent(GString *bytes, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '%' && g_ascii_isxdigit(text[1]) && g_ascii_isxdigit(text[2])) {
            g_string_append_c(
                bytes, (char)(g_ascii_xdigit_value(text[1]) * 16 + g_ascii_xdigit_value(text[2])));
            text += 2;
        } else {
            g_string_append_c(bytes, *text);
        }
    }
}

/* Take "charset'language'" off the front of an extended value. */
static const char *take_charset(const char *text, char **charset_out)
{
    const char *first = strchr(text, '\'');
    const char *second = first == NULL ? NULL : strchr(first + 1, '\'');

    if (second == NULL) {
        return text;
    }
    *charset_out = g_strndup(text, (gsize)(first - text));
    return second + 1;
}

static const struct piece *find_piece(const GPtrArray *pieces, const char *name, int number)
{
    for (guint i = 0; i < pieces->len; i++) {
        const struct piece *piece = g_ptr_array_index(pieces, i);

        if (piece->number == number && strcmp(piece->name, name) == 0) {
            return piece;
        }
    }
    return NULL;
}

/* The value of a parameter whose first piece this is. */
static char *join(const GPtrArray *pieces, const struct piece *piece, const char *charset)
{
    g_autoptr(GString) bytes = g_string_new(NULL);
    g_autofree char *stated = NULL;
    bool is_extended = piece->is_extended;

    if (!is_extended && piece->number < 0) {
        return rfc2047_decode(piece->text, charset);
    }

    const char *text = is_extended ? take_charset(piece->text, &stated) : piece->text;

    for (int number = piece->number; piece != NULL;) {
        if (piece->is_extended) {
            append_percent(bytes, text);
        } else {
            g_string_append(bytes, text);
        }
        piece = number < 0 ? NULL : find_piece(pieces, piece->name, ++number);
        text = piece == NULL ? NULL : piece->text;
    }
    if (!is_extended) {
        return rfc2047_decode(bytes->str, charset);
    }
    return charset_to_utf8(stated, charset, bytes->str, bytes->len);
}

static void add_param(struct param_field *field, const char *name, char *value)
{
    struct param *param = g_new0(struct param, 1);

    param->name = g_strdup(name);
    param->value = value;
    g_ptr_array_add(field->params, param);
}

/* Extended parameters first, then those in pieces, then plain ones: the first of a name counts. */
static void decode_pieces(struct param_field *field, const GPtrArray *pieces, const char *charset)
{
    for (int rank = 0; rank < 3; rank++) {
        for (guint i = 0; i < pieces->len; i++) {
            const struct piece *piece = g_ptr_array_index(pieces, i);
            int own = piece->number < 0 ? (piece->is_extended ? 0 : 2) : piece->number == 0 ? 1 : 3;

            if (own == rank && param_get(field, piece->name) == NULL) {
                add_param(field, piece->name, join(pieces, piece, charset));
            }
        }
    }
}

struct param_field *param_read(const char *text, const char *charset)
{
    struct param_field *field = g_new0(struct param_field, 1);
    struct scan scan = scan_of(text);
    const char *from = NULL;

    field->params = g_ptr_array_new_with_free_func((GDestroyNotify)param_free);
    scan_cfws(&scan, NULL);
    from = scan.at;
    while (scan.at < scan.end && *scan.at != ';' && *scan.at != '(' && !scan_is_space(*scan.at)) {
        scan.at++;
    }
    field->value = g_ascii_strdown(from, scan.at - from);
    scan_cfws(&scan, NULL);
    if (!scan_take(&scan, ';') && scan.at > from && strchr(field->value, '=') != NULL) {
        scan.at = from; /* parameters without a value in front of them */
        g_clear_pointer(&field->value, g_free);
        field->value = g_strdup("");
    }

    g_autoptr(GPtrArray) pieces = take_pieces(&scan);

    decode_pieces(field, pieces, charset);
    return field;
}
