/* A notice to bytes: what is ready to be handed to an SMTP server (RFC 5322, CRLF, 7bit). Pure. */
#ifndef MESSAGE_COMPOSE_H
#define MESSAGE_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"

struct compose_attachment {
    const char *name;
    const char *type;
    GBytes *content;
};

/* Everything borrowed for the length of the call. Texts are UTF-8 and may come from strangers: no
 * byte of them ever becomes a header of its own. */
struct compose {
    const char *from_address;
    const char *from_name;
    const char *to_address;
    const char *to_name;
    const char *reply_to_address; /* NULL: none */
    const char *reply_to_name;
    const char *subject;
    const char *message_id;        /* without angle brackets */
    const char *in_reply_to;       /* without angle brackets; NULL: none; left out if it is unfit */
    const char *const *references; /* NULL-terminated, without angle brackets, oldest first; NULL:
                                      * none. The first and the newest are written, unfit ones not */
    int64_t date_us;
    bool
        is_automatic; /* Auto-Submitted: auto-replied or auto-generated, X-Auto-Response-Suppress: All */
    bool is_reply; /* automatic: auto-replied instead of auto-generated */
    const char *text;
    const char
        *language; /* of the text: the mail has an HTML alternative as well; NULL: it has none */
    const struct compose_attachment *attachments;
    size_t attachment_count;
};

/* Make the mail. The same input gives the same bytes.
 *
 * ST_INVALID  an address or message_id is not fit to be sent; nothing was made */
MUST_CHECK enum status compose_mail(const struct compose *compose, GBytes **bytes_out,
                                    struct err *err);

#endif
