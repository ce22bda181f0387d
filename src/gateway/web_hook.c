/* web_hook - the calls that rules make, as rows
 *
 * What a rule tells a program elsewhere is written here, in the transaction that does what the rule says; it leaves
 * afterwards (gateway/hook_send), however often that has to be tried.
 *
 *     {"event": "ticket-created", "rule": "tell the monitor", "mail": 8112,
 *      "ticket": {"number": 41, "status": "open", "title": "Printer on fire", …}}
 *
 * Texts of comments are no part of it, and what is removed wherever something leaves the desk is removed here as well:
 * tokens. Whoever receives it may ask the desk for more, if the desk lets him.
 * I/O: the caller's transaction.
 */
#include "gateway/web_hook.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "desk/token.h"
#include "store/web_hook.h"

static json_t *clean_text(const char *text)
{
    g_autofree char *clean = token_remove_all(text);
    return json_string(clean);
}

static json_t *ticket_of(const struct web_hook_call *call)
{
    if (call->ticket == 0) {
        return json_null();
    }
    json_t *ticket = json_pack("{s:I}", "number", (json_int_t)call->ticket);
    for (guint i = 0; call->fields && i + 1 < call->fields->len; i += 2) {
        const char *value = g_ptr_array_index(call->fields, i + 1);
        json_object_set_new(ticket, g_ptr_array_index(call->fields, i),
                            value ? clean_text(value) : json_null());
    }
    return ticket;
}

/* Own. */
static char *body_of(const struct web_hook_call *call)
{
    json_t *body = json_pack("{s:s, s:s, s:o, s:o}", "event", call->event, "rule", call->rule,
                             "mail", call->mail ? json_integer(call->mail) : json_null(), "ticket",
                             ticket_of(call));
    char *text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

void web_hook_queue(struct tx *tx, const struct web_hook_call *calls, size_t count)
{
    g_autofree struct new_web_hook *rows = g_new(struct new_web_hook, count + 1);
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func(free);
    for (size_t i = 0; i < count; i++) {
        char *body = body_of(&calls[i]);
        g_ptr_array_add(bodies, body);
        rows[i] = (struct new_web_hook){.url = calls[i].url,
                                        .rule = calls[i].rule,
                                        .event = calls[i].event,
                                        .body = body,
                                        .ticket = calls[i].ticket,
                                        .mail = calls[i].mail};
    }
    web_hook_store_queue(tx, rows, count);
}

enum status web_hook_check_url(const char *url, struct err *err)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_HAS_PASSWORD, NULL);
    if (strlen(url) > LIMIT_URL_BYTES) {
        return err_set(err, ST_INVALID, "the URL is longer than %d bytes", LIMIT_URL_BYTES);
    }
    if (!uri || !g_uri_get_host(uri) || *g_uri_get_host(uri) == '\0') {
        return err_set(err, ST_INVALID, "\"%s\" is no URL", url);
    }
    if (strcmp(g_uri_get_scheme(uri), "https") != 0 && strcmp(g_uri_get_scheme(uri), "http") != 0) {
        return err_set(err, ST_INVALID, "\"%s\" is no https URL", url);
    }
    if (g_uri_get_userinfo(uri) || g_uri_get_fragment(uri)) {
        return err_set(err, ST_INVALID, "a user or a fragment must not stand in a URL");
    }
    return ST_OK;
}
