/* authres - Authentication-Results fields, read as RFC 8601 section 2.2 writes them
 *
 * What a border server says about a mail's sender decides what the mail may do, so nothing here is
 * found by searching a text: a property belongs to the method clause in which it stands, a word in a
 * comment or in a quoted string is never a result.
 *
 *     field    = [CFWS] [authserv-id [CFWS version]] ( ";" "none" / 1*( ";" resinfo ) ) [";"]
 *     resinfo  = method ["/" version] "=" result [ "reason" "=" value ] *property
 *     property = [ptype "."] name "=" pvalue          ; CFWS in front of it, and between all of these
 *     pvalue   = quoted-string [ "@" domain ] / 1*<visible ASCII but ; ( ) " \>
 *     method, result, ptype, name = keyword             ; letters, digits, "-" and "_" inside
 *
 * Two liberties, both needed for fields that Microsoft and Google write: the authserv-id may be
 * missing (it is then ""), and a property may lack its ptype ("action=none": ptype ""). Anything else
 * that does not fit makes the whole field invalid. Whose field counts is decided by desk/authority.
 * Pure.
 */
#include "message/authres.h"

#include <string.h>

#include "message/scan.h"

#define CLAUSES_MAX 100

static void property_free(struct authres_property *property)
{
    g_free(property->ptype);
    g_free(property->name);
    g_free(property->value);
    g_free(property);
}

static void result_free(struct authres_result *result)
{
    g_free(result->method);
    g_free(result->result);
    g_free(result->comment);
    g_ptr_array_unref(result->properties);
    g_free(result);
}

void authres_free(struct authres *authres)
{
    if (authres == NULL) {
        return;
    }
    g_free(authres->authserv_id);
    g_ptr_array_unref(authres->results);
    g_free(authres);
}

const char *authres_property(const struct authres_result *result, const char *ptype,
                             const char *name)
{
    for (guint i = 0; i < result->properties->len; i++) {
        const struct authres_property *property = g_ptr_array_index(result->properties, i);

        if (strcmp(property->ptype, ptype) == 0 && strcmp(property->name, name) == 0) {
            return property->value;
        }
    }
    return NULL;
}

/* A keyword (letters, digits, "-", "_", the first and last of them no "-"), in lower case; NULL if there is
 * none. */
static char *take_keyword(struct scan *scan)
{
    const char *from = scan->at;

    if (scan_peek(scan) == '-') {
        return NULL;
    }

    while (g_ascii_isalnum(scan_peek(scan)) || scan_peek(scan) == '-' || scan_peek(scan) == '_') {
        scan->at++;
    }
    return scan->at == from || scan->at[-1] == '-' ? NULL : g_ascii_strdown(from, scan->at - from);
}

/* A value: a quoted string, with "@domain" behind it if it is a local part, or a run of visible bytes.
 * NULL if there is none or it is broken. */
static char *take_value(struct scan *scan)
{
    g_autoptr(GString) value = g_string_new(NULL);

    if (scan_peek(scan) == '"') {
        if (!scan_quoted(scan, value)) {
            return NULL;
        }
        if (scan_peek(scan) != '@') {
            return g_strdup(value->str);
        }
    }

    const char *from = scan->at;

    while (scan->at<scan->end && * scan->at> ' ' && *scan->at < 0x7F &&
           strchr(";()\"\\", *scan->at) == NULL) {
        scan->at++;
    }
    g_string_append_len(value, from, scan->at - from);
    return value->len == 0 ? NULL : g_strdup(value->str);
}

/* [ptype "."] name "=" pvalue, at whose first byte the scan is. */
static bool take_property(struct scan *scan, struct authres_result *result, GString *comments)
{
    g_autofree char *ptype = NULL;
    g_autofree char *name = take_keyword(scan);

    if (name == NULL || !scan_cfws(scan, comments)) {
        return false;
    }
    if (scan_take(scan, '.')) {
        ptype = g_steal_pointer(&name);
        if (!scan_cfws(scan, comments)) {
            return false;
        }
        name = take_keyword(scan);
        if (name == NULL || !scan_cfws(scan, comments)) {
            return false;
        }
    }
    if (!scan_take(scan, '=') || !scan_cfws(scan, comments)) {
        return false;
    }

    g_autofree char *value = take_value(scan);

    if (value == NULL) {
        return false;
    }

    struct authres_property *property = g_new0(struct authres_property, 1);

    property->ptype = ptype == NULL ? g_strdup("") : g_steal_pointer(&ptype);
    property->name = g_steal_pointer(&name);
    property->value = g_steal_pointer(&value);
    g_ptr_array_add(result->properties, property);
    return true;
}

/* method ["/" version] "=" result, into result. */
static bool take_method(struct scan *scan, struct authres_result *result, GString *comments)
{
    result->method = take_keyword(scan);
    if (result->method == NULL || !scan_cfws(scan, comments)) {
        return false;
    }
    if (scan_take(scan, '/')) {
        g_autofree char *version = NULL;

        if (!scan_cfws(scan, comments)) {
            return false;
        }
        version = take_keyword(scan);
        if (version == NULL || strcmp(version, "1") != 0 || !scan_cfws(scan, comments)) {
            return false;
        }
    }
    if (!scan_take(scan, '=') || !scan_cfws(scan, comments)) {
        return false;
    }
    result->result = take_keyword(scan);
    return result->result != NULL;
}

static struct authres_result *result_new(void)
{
    struct authres_result *result = g_new0(struct authres_result, 1);

    result->properties = g_ptr_array_new_with_free_func((GDestroyNotify)property_free);
    return result;
}

/* One clause up to its ";" or the end of the field. A property needs white space or a comment in front
 * of it. */
static bool take_clause(struct scan *scan, struct authres *authres)
{
    struct authres_result *result = result_new();
    g_autoptr(GString) comments = g_string_new(NULL);

    g_ptr_array_add(authres->results, result);
    if (!take_method(scan, result, comments)) {
        return false;
    }
    for (;;) {
        const char *before = scan->at;

        if (!scan_cfws(scan, comments)) {
            return false;
        }
        if (scan->at == scan->end || *scan->at == ';') {
            result->comment = g_strdup(comments->str);
            return true;
        }
        if (scan->at == before || !take_property(scan, result, comments)) {
            return false;
        }
    }
}

/* "none" as the whole of what is left. */
static bool take_none(struct scan *scan)
{
    struct scan ahead = *scan;
    g_autofree char *word = take_keyword(&ahead);

    if (word == NULL || strcmp(word, "none") != 0 || !scan_cfws(&ahead, NULL)) {
        return false;
    }
    scan_take(&ahead, ';');
    if (!scan_cfws(&ahead, NULL) || ahead.at != ahead.end) {
        return false;
    }
    *scan = ahead;
    return true;
}

/* Does the field begin with "method=", without an authserv-id? */
static bool begins_with_method(struct scan ahead)
{
    g_autofree char *word = take_keyword(&ahead);

    return word != NULL && scan_cfws(&ahead, NULL) && scan_peek(&ahead) == '=';
}

/* [authserv-id [version]], up to the first ";" or the end. */
static bool take_head(struct scan *scan, struct authres *authres)
{
    authres->version = 1;
    if (begins_with_method(*scan)) {
        authres->authserv_id = g_strdup("");
        return true;
    }
    authres->is_id_quoted = scan_peek(scan) == '"';
    authres->authserv_id = take_value(scan);
    if (authres->authserv_id == NULL || !scan_cfws(scan, NULL)) {
        return false;
    }
    if (g_ascii_isdigit(scan_peek(scan))) {
        g_autofree char *version = take_keyword(scan);

        if (strlen(version) > 4 || strspn(version, "0123456789") != strlen(version)) {
            return false;
        }
        authres->version = (unsigned)g_ascii_strtoull(version, NULL, 10);
    }
    return scan_cfws(scan, NULL) && (scan->at == scan->end || scan_take(scan, ';'));
}

static bool take_clauses(struct scan *scan, struct authres *authres)
{
    if (!scan_cfws(scan, NULL)) {
        return false;
    }
    if (take_none(scan)) {
        return true;
    }
    while (scan->at < scan->end) {
        if (authres->results->len == CLAUSES_MAX || !take_clause(scan, authres)) {
            return false;
        }
        scan_take(scan, ';');
        if (!scan_cfws(scan, NULL)) {
            return false;
        }
    }
    return true;
}

enum status authres_parse(const char *value, struct authres **authres_out, struct err *err)
{
    struct authres *authres = g_new0(struct authres, 1);
    struct scan scan = scan_of(value);

    authres->results = g_ptr_array_new_with_free_func((GDestroyNotify)result_free);
    if (!scan_cfws(&scan, NULL) || !take_head(&scan, authres) || !take_clauses(&scan, authres)) {
        authres_free(authres);
        return err_set(err, ST_INVALID,
                       "cannot read Authentication-Results near byte %td of \"%.100s\"",
                       scan.at - value, value);
    }
    *authres_out = authres;
    return ST_OK;
}
