/* The parts of a mail: a tree of borrowed byte ranges (RFC 2045, 2046). Nothing is decoded here but the
 * fields that say what a part is. Pure. */
#ifndef MESSAGE_MIME_H
#define MESSAGE_MIME_H

#include <stdbool.h>

#include <glib.h>

#include "core/err.h"
#include "message/headers.h"
#include "message/param.h"
#include "message/transfer.h"

struct part {
    struct headers headers;          /* own; of the root: the mail's */
    struct param_field *type;        /* own: "text/plain" where nothing (usable) is stated */
    struct param_field *disposition; /* own: value "" if there is none */
    enum transfer transfer;
    bool is_typed;    /* it states its type */
    bool is_cut;      /* the mail ends within it, before the boundary that should come */
    const char *body; /* borrowed from the bytes */
    size_t body_length;
    GPtrArray *children; /* own: struct part; empty for a leaf */
};

struct mime {
    struct part *root;       /* own */
    unsigned parts_left_out; /* above LIMIT_PARTS */
    GBytes *
        whole; /* borrowed: the mail that all bodies are borrowed from; NULL: they are only there for now */
};

/* Take a whole mail apart. bytes are borrowed for the life of the tree. Attached mails are leaves.
 *
 * ST_INVALID  no header at all, or above a limit of core/limits.h */
MUST_CHECK enum status parts_read(const char *bytes, size_t length, struct mime *mime_out,
                                  struct err *err);
void parts_clear(struct mime *mime);

/* The content of a leaf, decoded. */
GByteArray *parts_decode(const struct part *part) MUST_CHECK;

/* Is the part's type this one ("text/plain"), or of this kind ("text/")? */
bool part_is(const struct part *part, const char *type);

/* The charset that raw bytes of the mail's header are probably in: the first that a part states; NULL. */
const char *parts_charset(const struct part *root);

#endif
