/* Attachments of comments and their contents, stored once per content. */
#ifndef STORE_ATTACHMENT_H
#define STORE_ATTACHMENT_H

#include <glib.h>

#include "db/tx.h"
#include "desk/records.h"
#include "message/facts.h"

struct new_attachment {
    comment_id comment;
    int position;
    const struct attachment *attachment; /* its content is there */
};

/* Queue contents that are not there yet, their chunks, and the rows of the attachments. */
void attachment_store_queue_add(struct tx *tx, const struct new_attachment *attachments,
                                size_t count);

#endif
