/* Attachments of comments and their contents, stored once per content. */
#ifndef STORE_ATTACHMENT_H
#define STORE_ATTACHMENT_H

#include <stdbool.h>

#include <glib.h>

#include "db/tx.h"
#include "desk/records.h"

/* Everything borrowed for the call. */
struct new_attachment {
    comment_id comment;
    int position;
    const char *name; /* safe */
    const char *stated_name;
    const char *type;
    const char *content_id;
    bool is_inline;
    GBytes *content;
};

/* Add contents that are not there yet, and the rows of the attachments. Contents of more than LIMIT_PIECE_BYTES, in
 * all, are sent at once, with what is queued; the rest is queued. */
MUST_CHECK enum status attachment_store_add(struct tx *tx, const struct new_attachment *attachments,
                                            size_t count, struct err *err);

#endif
