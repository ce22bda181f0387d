/* mailbox_entry - what the options of postdesk mailbox add and set say
 *
 * Both take the same words for the same things, and both want them in their normal form: addresses as keys, hosts
 * as they stand in certificates, folders as the server can be asked for them, pins as TLS compares them. What is
 * typed wrong is refused here, before anything is tried.
 *
 * Pure.
 */
#include "cli/mailbox_entry.h"

#include <string.h>

#include "cli/entry.h"
#include "net/mutf7.h"
#include "net/tls.h"

void typed_init(struct typed *typed)
{
    *typed = (struct typed){.strings = g_ptr_array_new_with_free_func(g_free),
                            .own_hosts = g_ptr_array_new(),
                            .aliases = g_ptr_array_new()};
}

void typed_clear(struct typed *typed)
{
    g_ptr_array_unref(typed->own_hosts);
    g_ptr_array_unref(typed->aliases);
    g_ptr_array_unref(typed->strings);
    g_free(typed->address);
}

static const char *keep(struct typed *typed, char *text)
{
    g_ptr_array_add(typed->strings, text);
    return text;
}

/* "authserv-id:NAME" or "authserv-id=NAME", or one of the others. NULL says nothing. */
static enum status read_trust(const char *text, const char **trust_out,
                              const char **authserv_id_out, struct err *err)
{
    static const char *const PLAIN[] = {"none", "google", "microsoft365"};
    static const char AUTHSERV_ID[] = "authserv-id";
    const char *name = text == NULL ? NULL : text + MIN(strlen(text), strlen(AUTHSERV_ID));

    *authserv_id_out = NULL;
    *trust_out = NULL;
    if (text == NULL) {
        return ST_OK;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(PLAIN); i++) {
        if (strcmp(text, PLAIN[i]) == 0) {
            *trust_out = PLAIN[i];
            return ST_OK;
        }
    }
    if (!g_str_has_prefix(text, AUTHSERV_ID) || strchr(":=", name[0]) == NULL || name[0] == '\0' ||
        name[1] == '\0') {
        (void)err_set(err, ST_INVALID, "\"%s\" is nothing to trust", text);
        return err_hint(err, "authserv-id:NAME, google, microsoft365 or none");
    }
    *trust_out = AUTHSERV_ID;
    *authserv_id_out = name + 1;
    return ST_OK;
}

/* The four texts of a server, which begin with `first`. */
static enum status read_server(const struct args *args, const char *scheme, int first,
                               struct typed *typed, struct err *err)
{
    struct entry_server server = {.host = NULL};
    const char *url = args_value(args, scheme);

    if (url == NULL) {
        return ST_OK;
    }
    enum status status = entry_server(url, scheme, &server, err);
    if (status != ST_OK) {
        return status;
    }
    typed->texts[first] = keep(typed, server.host);
    typed->texts[first + 1] = keep(typed, g_strdup_printf("%d", server.port));
    typed->texts[first + 2] = keep(typed, server.user == NULL ? g_strdup("") : server.user);
    typed->texts[first + 3] = server.security;
    return ST_OK;
}

static enum status read_folder(const struct args *args, const char *option, int which,
                               struct typed *typed, struct err *err)
{
    g_autofree char *encoded = NULL;
    char *name = NULL;
    const char *text = args_value(args, option);

    if (text == NULL) {
        return ST_OK;
    }
    enum status status = entry_name(text, &name, err);
    if (status != ST_OK) {
        return status;
    }
    typed->texts[which] = keep(typed, name);
    status = mutf7_from_utf8(name, &encoded, err);
    if (status == ST_OK &&
        (strpbrk(name, "*%") != NULL || g_ascii_strcasecmp(name, "INBOX") == 0)) {
        status = err_set(err, ST_INVALID, "mail cannot be moved to a folder \"%s\"", name);
    }
    return status;
}

/* As servers' keepers and tools write it: base64, perhaps with "sha256//" or "pin-sha256:" before it. */
static enum status read_pin(const struct args *args, const char *option, int which,
                            struct typed *typed, struct err *err)
{
    static const char *const PREFIXES[] = {"sha256//", "pin-sha256:", "sha256:"};
    const char *text = args_value(args, option);

    if (text == NULL) {
        return ST_OK;
    }
    if (strcmp(text, "none") == 0) {
        typed->texts[which] = "";
        return ST_OK;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(PREFIXES); i++) {
        if (g_str_has_prefix(text, PREFIXES[i])) {
            text += strlen(PREFIXES[i]);
            break;
        }
    }
    typed->texts[which] = text;
    return tls_check_pin(text, err);
}

static enum status read_after_fetch(const struct args *args, struct typed *typed, struct err *err)
{
    const char *text = args_value(args, "after-fetch");

    if (text != NULL && strcmp(text, "move") != 0 && strcmp(text, "keep") != 0) {
        return err_set(err, ST_INVALID, "--after-fetch takes move or keep, not \"%s\"", text);
    }
    typed->texts[ACCOUNT_AFTER_FETCH] = text;
    return ST_OK;
}

/* The values of an option that may be given several times; "none" alone is an empty list. */
static GPtrArray *read_list(const struct args *args, const char *option)
{
    GPtrArray *values = args_values(args, option);

    if (values->len == 1 && strcmp(values->pdata[0], "none") == 0) {
        g_ptr_array_set_size(values, 0);
    }
    return values;
}

static enum status read_aliases(const struct args *args, struct typed *typed, struct err *err)
{
    g_autoptr(GPtrArray) values = read_list(args, "alias");
    enum status status = ST_OK;

    for (size_t i = 0; i < values->len && status == ST_OK; i++) {
        g_autofree char *address = NULL;
        char *key = NULL;
        status = entry_address(values->pdata[i], &address, &key, err);
        if (status == ST_OK) {
            g_ptr_array_add(typed->aliases, (gpointer)keep(typed, key));
        }
    }
    return status;
}

static enum status read_name(const struct args *args, struct typed *typed, struct err *err)
{
    char *name = NULL;

    if (!args_has(args, "name")) {
        return ST_OK;
    }
    enum status status = entry_name(args_value(args, "name"), &name, err);
    if (status == ST_OK) {
        typed->texts[ACCOUNT_NAME] = keep(typed, name);
    }
    return status;
}

static enum status read_places(const struct args *args, struct typed *typed, struct err *err)
{
    enum status status = read_after_fetch(args, typed, err);

    if (status == ST_OK) {
        status = read_folder(args, "processed", ACCOUNT_PROCESSED, typed, err);
    }
    if (status == ST_OK) {
        status = read_folder(args, "oversize", ACCOUNT_OVERSIZE, typed, err);
    }
    const char *processed = typed->texts[ACCOUNT_PROCESSED];
    if (status == ST_OK && processed != NULL &&
        g_strcmp0(processed, typed->texts[ACCOUNT_OVERSIZE]) == 0) {
        status = err_set(err, ST_INVALID, "--processed and --oversize are two folders");
    }
    return status;
}

enum status typed_read(const struct args *args, struct typed *typed, struct err *err)
{
    enum status status = read_name(args, typed, err);

    if (status == ST_OK) {
        status = read_server(args, "imap", ACCOUNT_IMAP_HOST, typed, err);
    }
    if (status == ST_OK) {
        status = read_server(args, "smtp", ACCOUNT_SMTP_HOST, typed, err);
    }
    if (status == ST_OK) {
        status = read_trust(args_value(args, "trust"), &typed->trust, &typed->authserv_id, err);
    }
    if (status == ST_OK) {
        status = read_aliases(args, typed, err);
    }
    if (status == ST_OK) {
        status = read_places(args, typed, err);
    }
    if (status == ST_OK) {
        status = read_pin(args, "imap-pin", ACCOUNT_IMAP_PIN, typed, err);
    }
    if (status == ST_OK) {
        status = read_pin(args, "smtp-pin", ACCOUNT_SMTP_PIN, typed, err);
    }
    typed->texts[ACCOUNT_SECRET] = args_value(args, "secret");
    g_ptr_array_unref(typed->own_hosts);
    typed->own_hosts = read_list(args, "own-host");
    return status;
}
