/* What admins type, checked and brought into the form in which it is stored. Pure. */
#ifndef CLI_ENTRY_H
#define CLI_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

/* An address and the key by which it is found. The domain may be written with national letters.
 *
 * ST_INVALID  it is no address */
MUST_CHECK enum status entry_address(const char *text, char **address_out, char **key_out,
                                     struct err *err);

/* What finds a person or mailbox: the key of an address, a number as it is. */
char *entry_key(const char *address_or_id);

/* A name on one line.
 *
 * ST_INVALID  it is empty or too long */
MUST_CHECK enum status entry_name(const char *text, char **name_out, struct err *err);

/* A day of the calendar, "2026-12-01".
 *
 * ST_INVALID  it is none */
MUST_CHECK enum status entry_day(const char *text, char **day_out, struct err *err);

/* "yes" or "no" (the value of an option of that name).
 *
 * ST_INVALID  it is neither */
MUST_CHECK enum status entry_yes_no(const char *option, const char *text, bool *value_out,
                                    struct err *err);

/* How to reach a server. */
struct entry_server {
    const char *security; /* static: "tls", "starttls", "insecure" */
    char *user;           /* own; NULL: none */
    char *host;           /* own */
    int port;
};

/* "imaps://user@host[:port]" and the like; scheme is "imap" or "smtp", with "s" behind it for TLS from the
 * start, without it STARTTLS, with "+insecure" no TLS (this machine only).
 *
 * ST_INVALID  it is no such URL, or holds a password */
MUST_CHECK enum status entry_server(const char *url, const char *scheme,
                                    struct entry_server *server_out, struct err *err);
void entry_server_clear(struct entry_server *server);

#endif
